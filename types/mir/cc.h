/* cc.h: the compiler extensions that the project uses, under names of its own.
 *
 * Nothing else in the tree writes __attribute__ or __builtin.
 */
#ifndef MIR_CC_H
#define MIR_CC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MIR_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define MIR_NORETURN          __attribute__((noreturn))
#define MIR_UNUSED            __attribute__((unused))
#define MIR_MUST_USE          __attribute__((warn_unused_result))
#define MIR_ALIGNED(n)        __attribute__((aligned(n)))
#define MIR_COLD              __attribute__((cold))
#define MIR_SECTION(name)     __attribute__((section(name), used))
#define MIR_NOINLINE          __attribute__((noinline))
#define MIR_WEAK              __attribute__((weak))
/* For what runs before the stack protector has its secret. */
#define MIR_NO_PROTECTOR __attribute__((no_stack_protector))
/* A variable that only the entry of an image sets: read-only from then on (hvt, spt).  No name of C
 * begins with a digit: image.ld tells the section from those of variables by that. */
#define MIR_RELRO __attribute__((section(".bss.0relro")))

#define mir_likely(x)   __builtin_expect(!!(x), 1)
#define mir_unlikely(x) __builtin_expect(!!(x), 0)

/* The number of the highest and of the lowest bit that is set; v != 0. */
#define mir_high_bit(v) (63u - (unsigned)__builtin_clzll(v))
#define mir_low_bit(v)  ((unsigned)__builtin_ctzll(v))
/* How many bits are set. */
#define mir_bits(v) ((unsigned)__builtin_popcountll(v))

/* The sign of a floating-point number, of zero and NaN too. */
#define mir_sign_bit(v) (__builtin_signbit(v) != 0)

/* Whether the compiler knows the value; where the first text in which the second is begins, which
 * it knows of constants. */
#define mir_is_constant(v) __builtin_constant_p(v)
#define mir_find(text, s)  __builtin_strstr(text, s)

/* The frame pointer of the function that it stands in. */
#define mir_frame() ((const void *)__builtin_frame_address(0))

#define MIR_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The object of which `ptr` is the member `member`. */
#define mir_container(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#define MIR_MIN(a, b) ((a) < (b) ? (a) : (b))
#define MIR_MAX(a, b) ((a) > (b) ? (a) : (b))

#endif
