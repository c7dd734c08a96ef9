//! What people and machines say when they answer, in two sets that share neither words nor names.

/// Which of the two halves of the material: the limits are chosen on one and judged on the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Set {
    Tuning,
    Judging,
}

/// What a phrase is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// A person picks up.
    Hello,
    /// A person picks up at work.
    Business,
    /// A person wonders who calls.
    Wonder,
    /// A mailbox that says little.
    ShortGreeting,
    /// A mailbox.
    Greeting,
    /// A carrier says why the call cannot be made.
    Announcement,
    /// An assistant asks who calls and why.
    Screen,
    /// The assistant goes to fetch the person.
    Hold,
    /// A menu.
    Menu,
    /// The menu waited for a key in vain.
    Retry,
}

/// Languages, as espeak-ng calls them.
pub(crate) const LANGUAGES: [&str; 4] = ["en-us", "es", "fr-fr", "it"];

/// `{n}` is a name, `{c}` a company; `|` is a pause between sentences.
type Row = (Kind, [&'static [&'static str]; 4]);

const NAMES: [[&str; 8]; 2] = [
    ["Smith", "Garcia", "Peter Jones", "Martin", "Rossi", "Laura Bennett", "Dupont", "Paul Young"],
    ["Miller", "Fernandez", "Anne Walker", "Bernard", "Bianchi", "Robert Clark", "Moreau", "Lucy Hall"],
];
const COMPANIES: [[&str; 5]; 2] = [
    ["Acme Corporation", "Northwind Traders", "Delta Logistics", "Blue Lake Bank", "Omega Systems"],
    ["Contoso", "Fabrikam Industries", "River Street Clinic", "Summit Insurance", "Atlas Engineering"],
];

const TUNING: &[Row] = &[
    (
        Kind::Hello,
        [
            &["Hello?", "Hello.", "Yes?", "{n}.", "Hi, this is {n}.", "{n} speaking."],
            &["¿Diga?", "¿Sí?", "Hola.", "{n}.", "Dígame."],
            &["Allô?", "Oui?", "Oui, allô?", "{n}.", "Allô, bonjour."],
            &["Pronto?", "Sì?", "Pronto.", "{n}.", "Pronto, chi parla?"],
        ],
    ),
    (
        Kind::Business,
        [
            &[
                "{c}, this is {n} speaking, how may I help you?",
                "Good morning, {c}, {n} speaking.",
                "{c}, how can I help?",
                "Thank you for calling {c}, my name is {n}, how may I help you?",
            ],
            &[
                "{c}, buenos días, le habla {n}, ¿en qué puedo ayudarle?",
                "{c}, dígame.",
                "Buenas tardes, {c}.",
            ],
            &[
                "{c}, bonjour, {n} à l'appareil, que puis-je faire pour vous?",
                "{c}, bonjour.",
                "Bonjour, {n} à l'appareil.",
            ],
            &[
                "{c}, buongiorno, sono {n}, come posso aiutarla?",
                "{c}, buongiorno.",
                "Buonasera, {c}, mi dica.",
            ],
        ],
    ),
    (
        Kind::Wonder,
        [
            &[
                "Who is this?",
                "What?",
                "Hello, hello?",
                "Sorry, what did you say?",
                "Okay.",
                "Wait a second.",
            ],
            &["¿Quién es?", "¿Cómo?", "¿Hola?", "Un momento.", "¿Qué dice?"],
            &["C'est qui?", "Comment?", "Allô?", "Attendez.", "Qu'est-ce que c'est?"],
            &["Chi è?", "Come?", "Pronto?", "Un attimo.", "Cosa dice?"],
        ],
    ),
    (
        Kind::ShortGreeting,
        [
            &["Please leave a message.", "This is {n}, leave a message.", "You have reached {n}."],
            &["Deje su mensaje.", "Soy {n}, deja un mensaje."],
            &["Laissez un message.", "Vous êtes chez {n}."],
            &["Lasciate un messaggio.", "Sono {n}, lascia un messaggio."],
        ],
    ),
    (
        Kind::Greeting,
        [
            &[
                "Hi, you have reached {n}. | I can't take your call right now, so please leave your name and number after the tone. | I will call you back.",
                "You have reached the voicemail of {n}. | Please leave a message after the beep.",
                "Thank you for calling {c}. | Our office is closed. | Our hours are nine to five, Monday to Friday. | Please leave a message after the tone.",
                "Hello, this is {n}. | I'm either away from my desk or on the other line. Leave a message and I'll get back to you as soon as I can.",
            ],
            &[
                "Hola, has llamado a {n}. | Ahora no puedo atenderte. Deja tu mensaje después de la señal.",
                "Este es el contestador de {c}. | Nuestro horario es de nueve a cinco. | Por favor, deje su mensaje después de oír la señal.",
                "El abonado al que llama no está disponible en este momento. | Puede dejar un mensaje después de la señal.",
            ],
            &[
                "Bonjour, vous êtes bien sur la messagerie de {n}. | Je ne suis pas disponible pour le moment. Laissez-moi un message après le bip.",
                "Vous êtes bien chez {c}. | Nos bureaux sont fermés. | Merci de laisser un message après le signal sonore.",
                "Votre correspondant n'est pas disponible. | Veuillez laisser un message après le bip sonore.",
            ],
            &[
                "Ciao, sono {n}. | In questo momento non posso rispondere. Lasciate un messaggio dopo il segnale acustico.",
                "Risponde la segreteria di {c}. | I nostri uffici sono chiusi. | Lasciate un messaggio dopo il bip.",
                "Il cliente da lei chiamato non è al momento raggiungibile. | Lasciate un messaggio dopo il segnale.",
            ],
        ],
    ),
    (
        Kind::Announcement,
        [
            &[
                "The number you have dialed is not in service. Please check the number and dial again.",
                "We're sorry, your call cannot be completed at this time. | Please try your call again later.",
            ],
            &["El número marcado no existe. | Por favor, compruebe el número y vuelva a marcar."],
            &["Le numéro que vous avez composé n'est pas attribué. | Veuillez consulter l'annuaire."],
            &["Il numero da lei chiamato è inesistente. | La preghiamo di verificare e richiamare."],
        ],
    ),
    (
        Kind::Screen,
        [
            &[
                "Hi. If you record your name and reason for calling, I'll see if this person is available.",
                "The person you are calling is using a screening service. Please say your name and why you're calling.",
            ],
            &["Hola. Si dice su nombre y el motivo de la llamada, veré si esta persona está disponible."],
            &[
                "Bonjour. Dites votre nom et la raison de votre appel, je verrai si cette personne est disponible.",
            ],
            &["Salve. Dica il suo nome e il motivo della chiamata, e vedrò se la persona è disponibile."],
        ],
    ),
    (
        Kind::Hold,
        [
            &["Thank you. Please stay on the line.", "One moment please."],
            &["Gracias. No cuelgue, por favor."],
            &["Merci. Ne quittez pas."],
            &["Grazie. Resti in linea."],
        ],
    ),
    (
        Kind::Menu,
        [
            &[
                "Thank you for calling {c}. | For sales, press one. | For support, press two. | For billing, press three. | To speak to an operator, press zero.",
                "Welcome to {c}. | If you know your party's extension, please dial it now. | For a company directory, press nine. | Otherwise, please stay on the line.",
            ],
            &[
                "Gracias por llamar a {c}. | Para ventas, pulse uno. | Para soporte, pulse dos. | Para hablar con un agente, pulse cero.",
            ],
            &[
                "Bienvenue chez {c}. | Pour le service commercial, tapez un. | Pour le support, tapez deux. | Pour joindre un conseiller, tapez zéro.",
            ],
            &[
                "Benvenuti in {c}. | Per l'ufficio vendite, premere uno. | Per l'assistenza, premere due. | Per parlare con un operatore, premere zero.",
            ],
        ],
    ),
    (
        Kind::Retry,
        [
            &["Sorry, I did not get that.", "We did not receive your selection."],
            &["No hemos recibido su selección."],
            &["Nous n'avons pas compris votre choix."],
            &["La scelta non è valida."],
        ],
    ),
];

const JUDGING: &[Row] = &[
    (
        Kind::Hello,
        [
            &["Hello?", "Yeah?", "{n}.", "{n} here.", "Hello, {n} speaking.", "Good morning."],
            &["¿Bueno?", "¿Aló?", "Sí, dígame.", "{n}.", "Hola, ¿quién es?"],
            &["Allô.", "Oui, bonjour?", "{n}, bonjour.", "{n}.", "Oui?"],
            &["Pronto!", "Chi parla?", "{n}.", "Sì, pronto?", "Buongiorno."],
        ],
    ),
    (
        Kind::Business,
        [
            &[
                "{c}, {n} speaking, what can I do for you?",
                "Good afternoon, you're through to {n} at {c}, how may I direct your call?",
                "{c}, good morning.",
                "Front desk, this is {n}.",
            ],
            &[
                "{c}, le atiende {n}, ¿en qué le puedo servir?",
                "Recepción de {c}, buenos días.",
                "{c}, buenas tardes.",
            ],
            &["{c}, {n}, bonjour, comment puis-je vous aider?", "Accueil de {c}, bonjour.", "{c}, j'écoute."],
            &[
                "{c}, parla {n}, in cosa posso esserle utile?",
                "Centralino di {c}, buongiorno.",
                "{c}, dica pure.",
            ],
        ],
    ),
    (
        Kind::Wonder,
        [
            &["Who's calling?", "Pardon?", "Hello?", "I can't hear you.", "All right.", "Hang on."],
            &["¿Quién llama?", "¿Perdón?", "¿Oiga?", "Espere.", "No le oigo."],
            &["Qui est à l'appareil?", "Pardon?", "Allô, allô?", "Un instant.", "Je n'entends rien."],
            &["Con chi parlo?", "Scusi?", "Pronto, pronto?", "Aspetti.", "Non sento niente."],
        ],
    ),
    (
        Kind::ShortGreeting,
        [
            &[
                "Leave your message after the tone.",
                "{n} here, I'm not available.",
                "You've got {n}'s voicemail.",
            ],
            &["Deje un mensaje tras la señal.", "Contestador de {n}."],
            &["Parlez après le bip.", "Messagerie de {n}."],
            &["Parlate dopo il segnale.", "Segreteria di {n}."],
        ],
    ),
    (
        Kind::Greeting,
        [
            &[
                "Sorry I missed your call. | This is {n}. | Please tell me who you are and what you need, and I'll ring you back today.",
                "The person you are trying to reach is not available. | At the tone, please record your message. | When you have finished recording, you may hang up.",
                "You've come through to {c} outside of business hours. | If you leave us your name, telephone number and a short message, a member of our team will contact you on the next working day.",
                "Hey, it's {n}, you know what to do. | Talk to me after the beep, or better, send me a text.",
            ],
            &[
                "Ha llamado al buzón de voz de {n}. | No estoy disponible. | Por favor, grabe su mensaje después del tono.",
                "Gracias por su llamada. | Todas las oficinas de {c} están cerradas hasta mañana. Si lo desea, deje su nombre y su teléfono después de la señal.",
                "El teléfono móvil al que llama está apagado o fuera de cobertura. | Si desea dejar un mensaje, hable después de oír la señal.",
            ],
            &[
                "Vous avez joint le répondeur de {n}. | Je suis absent, mais je vous rappellerai dès que possible. | À vous de parler.",
                "Merci d'avoir appelé {c}. | Nous sommes ouverts du lundi au vendredi de neuf heures à dix-sept heures. | Laissez-nous vos coordonnées et nous vous rappellerons.",
                "La personne que vous essayez de joindre ne peut pas répondre. | Après le signal sonore, enregistrez votre message.",
            ],
            &[
                "Avete chiamato {n}. | Adesso sono impegnato, ma vi richiamo appena possibile. | Lasciate nome e numero.",
                "Grazie per aver chiamato {c}. | Siamo aperti dal lunedì al venerdì dalle nove alle diciassette. | Potete lasciare un messaggio dopo il tono.",
                "Informazione gratuita. Il telefono della persona chiamata potrebbe essere spento. | Per lasciare un messaggio parli dopo il segnale acustico.",
            ],
        ],
    ),
    (
        Kind::Announcement,
        [
            &[
                "The subscriber you have called is not reachable at the moment. | Please try again later.",
                "The wireless customer you are calling is not available. Please hang up and try your call again.",
            ],
            &[
                "Telefónica le informa de que en este momento no es posible atender su llamada. | Inténtelo más tarde.",
            ],
            &[
                "Le numéro demandé n'est pas en service actuellement. Nous regrettons de ne pouvoir donner suite à votre appel.",
            ],
            &[
                "Attenzione. Il numero selezionato non è attivo. | Si prega di controllare il numero composto.",
            ],
        ],
    ),
    (
        Kind::Screen,
        [
            &[
                "Hello, this call is being screened by an assistant. Before I connect you, may I ask who is calling and what it is about?",
                "You're calling someone who screens their calls. Go ahead and tell me your name and the reason for your call.",
            ],
            &["Está hablando con el asistente de esta persona. Por favor, diga quién es y por qué llama."],
            &[
                "Cet appel est filtré par un assistant. Merci d'indiquer qui vous êtes et le motif de votre appel.",
            ],
            &[
                "Questa chiamata è filtrata da un assistente. Prima di passarla, mi dica chi è e perché chiama.",
            ],
        ],
    ),
    (
        Kind::Hold,
        [
            &["Thanks, please hold.", "Okay, let me check if they can talk."],
            &["De acuerdo, espere un momento."],
            &["Très bien, veuillez patienter."],
            &["Va bene, attenda un momento."],
        ],
    ),
    (
        Kind::Menu,
        [
            &[
                "You have reached {c}. | Please listen carefully, as our options have changed. | To make an appointment, press one. | To renew a prescription, press two. | For all other questions, press three.",
                "Hello and welcome to {c}. | Your call may be recorded. | For claims, say claims or press one. | For a new policy, press two. | To repeat this menu, press star.",
            ],
            &[
                "Bienvenido a {c}. | Su llamada puede ser grabada. | Si ya es cliente, marque uno. | Si desea contratar, marque dos. | Para otras consultas, espere en línea.",
            ],
            &[
                "Vous êtes en relation avec {c}. | Pour suivre un dossier, faites le un. | Pour une nouvelle demande, faites le deux. | Pour réécouter ce menu, faites étoile.",
            ],
            &[
                "Siete in linea con {c}. | La chiamata potrà essere registrata. | Se siete già clienti, digitate uno. | Per un nuovo contratto, digitate due. | Per riascoltare, digitate asterisco.",
            ],
        ],
    ),
    (
        Kind::Retry,
        [
            &["I'm sorry, that is not a valid choice.", "I didn't hear anything."],
            &["Opción incorrecta."],
            &["Ce choix n'est pas valide."],
            &["Non ho ricevuto alcuna scelta."],
        ],
    ),
];

impl Set {
    fn rows(self) -> &'static [Row] {
        match self {
            Set::Tuning => TUNING,
            Set::Judging => JUDGING,
        }
    }

    /// Everything of a kind in a language.
    pub(crate) fn texts(self, kind: Kind, language: usize) -> &'static [&'static str] {
        let row = self.rows().iter().find(|(of, _)| *of == kind);
        row.expect("every kind has a row").1[language]
    }

    pub(crate) fn names(self) -> &'static [&'static str] {
        &NAMES[self as usize]
    }

    pub(crate) fn companies(self) -> &'static [&'static str] {
        &COMPANIES[self as usize]
    }
}
