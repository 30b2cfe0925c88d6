/* message.c: any line becomes a message of bounded length with a whole head. */
#include <mir/panic.h>
#include <mir/syslog.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char out[MIR_SYSLOG_MESSAGE], url[300], host[MIR_SYSLOG_HOST];
	enum mir_syslog_how how;
	uint16_t port;
	size_t n;

	n = mir_syslog_message((const char *)data, len, 0, 16, "fuzz", out, sizeof(out));
	mir_check(n < sizeof(out) && n >= 40 && out[0] == '<' && strstr(out, ">1 "));
	memcpy(url, data, len < 299 ? len : 299);
	url[len < 299 ? len : 299] = 0;
	if (mir_syslog_parse(url, &how, host, &port) == 0)
		mir_check(port && *host && strlen(host) < sizeof(host));
	return 0;
}
