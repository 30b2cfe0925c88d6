/* hello-min.c: the least that prints; bench/size.sh builds it with x86_64-mirage-cc. */
#include <unistd.h>

int main(void)
{
	static const char text[] = "hello\n";

	return write(1, text, sizeof(text) - 1) < 0;
}
