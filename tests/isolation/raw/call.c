/* call.c: one call of the tender, with any argument.
 *
 * hvt: call=N at=ADDRESS: the argument's struct is at ADDRESS (0: in the middle of memory) and
 * holds the words w0= ... w5=.  spt: call=N a= b= c= d= e= f=.  Prints what came back.
 */
#include "raw.h"

#ifdef RAW_HVT

int raw_main(void)
{
	static const char *const name[] = { "w0", "w1", "w2", "w3", "w4", "w5" };
	static uint64_t words[6];
	uint64_t at = raw_option("at", (uintptr_t)words);
	unsigned i;

	for (i = 0; i < 6; i++)
		words[i] = raw_option(name[i], 0);
	raw_call((unsigned)raw_option("call", 0), at);
	for (i = 0; i < 6; i++)
		raw_number(name[i], words[i]);
	return 0;
}

#else

int raw_main(void)
{
	long r = raw_syscall((long)raw_option("call", 0), (long)raw_option("a", 0),
	    (long)raw_option("b", 0), (long)raw_option("c", 0), (long)raw_option("d", 0),
	    (long)raw_option("e", 0), (long)raw_option("f", 0));

	raw_number("result", (uint64_t)r);
	return 0;
}

#endif
