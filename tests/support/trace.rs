//! The SIP messages that SIPp logged, with the times at which it saw them.

/// One message as SIPp sent or received it.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    /// Seconds since midnight.
    pub(crate) at_s: f64,
    /// Whether SIPp sent it (else the gateway did).
    pub(crate) sent: bool,
    /// The message, line feeds only.
    pub(crate) text: String,
}

impl Message {
    /// The method of a request; `None` for a response.
    pub(crate) fn method(&self) -> Option<&str> {
        let (first, rest) = self.text.split_once(' ')?;
        let line = rest.lines().next()?;
        (first != "SIP/2.0" && line.ends_with(" SIP/2.0")).then_some(first)
    }

    /// The status of a response; `None` for a request.
    pub(crate) fn status(&self) -> Option<u16> {
        self.text.strip_prefix("SIP/2.0 ")?.get(..3)?.parse().ok()
    }

    /// The first header field with this long name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let is_named = |line: &&str| {
            line.split_once(':').is_some_and(|(field, _)| field.trim().eq_ignore_ascii_case(name))
        };
        let line = self.head().lines().skip(1).find(is_named)?;
        Some(line.split_once(':')?.1.trim())
    }

    /// What stands before the empty line.
    pub(crate) fn head(&self) -> &str {
        self.text.split_once("\n\n").map_or(self.text.as_str(), |(head, _)| head)
    }

    /// What stands after the empty line.
    pub(crate) fn body(&self) -> &str {
        self.text.split_once("\n\n").map_or("", |(_, body)| body)
    }
}

/// All messages of one run, in order.
#[derive(Debug, Default)]
pub(crate) struct Trace(pub(crate) Vec<Message>);

impl Trace {
    /// Reads the file that `-trace_msg` writes: a rule with the time, a line with the direction, an
    /// empty line, the message.
    pub(crate) fn parse(log: &str) -> Trace {
        let log = log.replace('\r', "");
        let rule = "-----------------------------------------------";
        Trace(log.split(rule).filter_map(parse_one).collect())
    }

    /// Requests of the gateway with this method.
    pub(crate) fn requests(&self, method: &str) -> Vec<&Message> {
        self.0.iter().filter(|message| !message.sent && message.method() == Some(method)).collect()
    }

    /// Responses of the gateway to this method.
    pub(crate) fn responses_to(&self, method: &str) -> Vec<u16> {
        let to_method = |message: &&Message| {
            !message.sent && message.header("CSeq").is_some_and(|cseq| cseq.ends_with(method))
        };
        self.0.iter().filter(to_method).filter_map(Message::status).collect()
    }
}

fn parse_one(part: &str) -> Option<Message> {
    let (time, rest) = part.split_once('\n')?;
    let clock = time.trim().rsplit([' ', '\t']).next()?;
    let at_s = clock.split(':').try_fold(0.0, |sum, field| Some(sum * 60.0 + field.parse::<f64>().ok()?))?;
    let (direction, text) = rest.split_once("\n\n")?;
    Some(Message { at_s, sent: direction.contains("message sent"), text: text.to_owned() })
}
