/* asan.h: tells AddressSanitizer of stacks that it would not know of; nothing in other builds. */
#ifndef MIR_RUN_ASAN_H
#define MIR_RUN_ASAN_H

#include <mir/cc.h>

#if defined(__SANITIZE_ADDRESS__)
#define MIR_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MIR_ASAN 1
#endif
#endif

#ifdef MIR_ASAN

#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>

#define mir_asan_leave(save, bottom, size) __sanitizer_start_switch_fiber((save), (bottom), (size))
#define mir_asan_arrive(fake, bottom, size)                                                        \
	__sanitizer_finish_switch_fiber((fake), (bottom), (size))
#define mir_asan_clear(p, size) __asan_unpoison_memory_region((p), (size))

#else

#define MIR_ASAN                            0
#define mir_asan_leave(save, bottom, size)  ((void)(save), (void)(bottom), (void)(size))
#define mir_asan_arrive(fake, bottom, size) ((void)(fake), (void)(bottom), (void)(size))
#define mir_asan_clear(p, size)             ((void)(p), (void)(size))

#endif

#endif
