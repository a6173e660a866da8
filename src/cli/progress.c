/* Signals, and a bar with the time that is left. */
#include "cli.h"

#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { BAR = 16 };
static const double interval = 0.1; /* seconds between two drawings */

static volatile sig_atomic_t caught;

static const int stopping[] = {SIGINT, SIGTERM, SIGHUP};
enum { STOPPING = sizeof stopping / sizeof *stopping };
static volatile sig_atomic_t heeded; /* how many of these: without a hangup that nohup made us ignore */

/* The first one; from then on each of them ends the program. */
static void remember(int signal_number) {
    if (!caught) caught = signal_number;
    for (int i = 0; i < STOPPING; i++)
        if (i < heeded) signal(stopping[i], SIG_DFL);
}

/* Scripts start us in the background with SIGINT ignored, and send it: only the hangup stays ignored. */
void cli_catch_signals(void) {
    struct sigaction action = {.sa_handler = remember, .sa_flags = SA_RESTART}, hangup;
    heeded = sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler == SIG_IGN ? STOPPING - 1 : STOPPING;
    sigemptyset(&action.sa_mask);
    for (int i = 0; i < heeded; i++) sigaddset(&action.sa_mask, stopping[i]);
    for (int i = 0; i < heeded; i++) sigaction(stopping[i], &action, NULL);
}

int cli_caught_signal(void) {
    return caught;
}

void cli_hold_signals(int hold) {
    sigset_t set;
    sigemptyset(&set);
    for (int i = 0; i < STOPPING; i++) sigaddset(&set, stopping[i]);
    sigprocmask(hold ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

cli_progress cli_progress_begin(int quiet) {
    return (cli_progress){.terminal = !quiet && isatty(STDERR_FILENO), .started = now(), .drawn = -1};
}

static void draw(const cli_progress *p, double fraction, const char *stage, double time) {
    static const char filled[] = "################", empty[] = "----------------";
    const int done = (int)(fraction * BAR);
    fprintf(stderr, "\r[%.*s%.*s] %3.0f %%", done, filled, BAR - done, empty, 100 * fraction);
    if (fraction > 0) {
        const long left = (long)((time - p->started) * (1 - fraction) / fraction);
        fprintf(stderr, "  %ld:%02ld left", left / 60, left % 60);
    }
    fprintf(stderr, "  %.38s\033[K", stage ? stage : "");
    fflush(stderr);
}

int cli_progress_step(void *progress, double fraction, const char *stage) {
    cli_progress *p = progress;
    const double time = p->terminal ? now() : 0;
    if (p->terminal && (p->drawn < 0 || time - p->drawn >= interval)) {
        draw(p, fraction < 0 ? 0 : fraction > 1 ? 1 : fraction, stage, time);
        p->drawn = time;
    }
    return caught != 0;
}

void cli_progress_end(cli_progress *p) {
    if (p->drawn >= 0) fputs("\r\033[K", stderr);
    p->drawn = -1;
}
