/* small.h: included first by files whose code is seldom run: they become small rather than fast,
 * whatever else the image is compiled for.
 */
#ifndef MIR_SMALL_H
#define MIR_SMALL_H

#ifndef __clang__
#pragma GCC optimize("Os")
#endif

#endif
