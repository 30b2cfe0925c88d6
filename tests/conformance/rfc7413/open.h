/* open.h: what scripts of both sides of TCP Fast Open share. */
#ifndef MIR_TESTS_OPEN_H
#define MIR_TESTS_OPEN_H

#include "../script.h"

MIR_UNUSED static void begin_fast(void)
{
	fast_key = true;
	begin();
	listens();
}

MIR_UNUSED static void end_fast(void)
{
	end();
	fast_key = false;
}

/* A SYN with the cookie, and len bytes of text. */
MIR_UNUSED static void say_fast(const struct mir_tcp_cookie *cookie, uint32_t len)
{
	struct mir_tcp_segment s = { .flags = SYN, .seq = ISS, .mss = MSS, .cookie = *cookie };

	s.cookie.present = true;
	forget();
	say_segment(&s, len);
	settle();
}

/* The cookie that the SYN, ACK brings for one that asks. */
MIR_UNUSED static struct mir_tcp_cookie ask_cookie(void)
{
	say_fast(&(struct mir_tcp_cookie){ 0 }, 0);
	ok(told(nsent == 1 && (sent[0].s.flags & WHAT) == (SYN | ACK) && sent[0].s.ack == ISS + 1),
	    "SYN, ACK");
	return sent[0].s.cookie;
}

#endif
