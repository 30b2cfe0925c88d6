/* test.h: tests that print TAP, on a host and in an image.
 *
 *     static void parses(void) { ok(parse("x") == 0, "a letter"); }
 *     int main(void) { RUN(parses); return mir_test_end(); }
 *
 * RUN runs the function on a fiber in an event loop of its own under virtual time (targets/sim),
 * then checks that all packets, memory and fibers came back.  RUN_PLAIN just calls it.
 */
#ifndef MIR_TEST_H
#define MIR_TEST_H

#include <mir/cc.h>

#define ok(cond, ...) mir_test_ok((cond), #cond, __FILE__, __LINE__, __VA_ARGS__)
#define RUN(fn)       mir_test_run(#fn, (fn))
#define RUN_PLAIN(fn) (mir_test_begin(#fn), (fn)(), mir_test_done())

/* One line of TAP; returns cond. */
bool mir_test_ok(bool cond, const char *text, const char *file, int line, const char *fmt, ...)
    MIR_PRINTF(5, 6);
void mir_test_run(const char *name, void (*fn)(void));
void mir_test_begin(const char *name);
void mir_test_done(void);
/* Prints the plan; 0 if all passed, else 1. */
int mir_test_end(void);
/* The seed of the next RUNs; also from the environment's SEED. */
void mir_test_seed(uint64_t seed);

/* Appends an Ethernet frame to the pcap file that the environment's PCAP names; nothing if it names
 * none.  Fits mir_link_config.trace, for looking at a failed test.  In targets/sim. */
void mir_test_pcap(void *arg, int64_t time, const uint8_t *frame, size_t len);

/* For fuzz targets: as RUN, without a word; what fails ends the process, and so does what did not
 * come back. */
void mir_test_fuzz(void (*fn)(void));

#endif
