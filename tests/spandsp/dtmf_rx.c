/*
 * SpanDSP's own DTMF receiver over raw audio, for comparison with ours.
 *
 * Standard input: signed 16-bit little-endian samples, mono, 8 kHz.
 * Standard output: a line `DIGIT SAMPLE` a report, SAMPLE being the end of the
 * 20 ms block in which it was told. With `--passes N` the same samples go
 * through N fresh receivers and the last line is `ns_per_sample X`: CPU time,
 * the least of the passes.
 */
#define _POSIX_C_SOURCE 200809L
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <spandsp.h>

enum { BLOCK = 160 };

static size_t told_at;

static void on_digit(void *user, int code, int level, int delay)
{
    (void) user;
    (void) level;
    (void) delay;
    if (code != 0)
        printf("%c %zu\n", code, told_at);
}

static void on_digit_quietly(void *user, int code, int level, int delay)
{
    (void) level;
    (void) delay;
    *(int *) user += code;
}

static void receive(const int16_t *samples, size_t count, tone_report_func_t report, void *user)
{
    dtmf_rx_state_t *rx = dtmf_rx_init(NULL, NULL, NULL);
    dtmf_rx_set_realtime_callback(rx, report, user);
    for (size_t at = 0; at < count; at += BLOCK) {
        size_t n = count - at < BLOCK ? count - at : BLOCK;
        told_at = at + n;
        dtmf_rx(rx, samples + at, (int) n);
    }
    dtmf_rx_free(rx);
}

static double cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec * 1e9 + t.tv_nsec;
}

int main(int argc, char **argv)
{
    int passes = argc == 3 && strcmp(argv[1], "--passes") == 0 ? atoi(argv[2]) : 0;
    size_t count = 0, room = 1 << 20;
    int16_t *samples = malloc(room * sizeof *samples);
    while (samples != NULL) {
        size_t got = fread(samples + count, sizeof *samples, room - count, stdin);
        count += got;
        if (count < room)
            break;
        room *= 2;
        samples = realloc(samples, room * sizeof *samples);
    }
    if (samples == NULL || count == 0) {
        fprintf(stderr, "dtmf_rx: no samples on standard input\n");
        return 2;
    }
    receive(samples, count, on_digit, NULL);
    double least = 0;
    int sink = 0;
    for (int pass = 0; pass < passes; pass++) {
        double begin = cpu_ns();
        receive(samples, count, on_digit_quietly, &sink);
        double took = (cpu_ns() - begin) / count;
        if (pass == 0 || took < least)
            least = took;
    }
    if (passes > 0)
        printf("ns_per_sample %.3f\n", least);
    free(samples);
    return 0;
}
