/* resolv.c: the name servers of the host, from /etc/resolv.conf (resolv.conf(5)). */
#include "host.h"

#include <fcntl.h>
#include <unistd.h>

enum { FILE_MAX = 16384 };

static const char blanks[] = " \t\r";

/* The address of a line "nameserver ADDRESS"; false: another line, or not one of IPv4. */
static bool parse_line(char *line, struct mir_ipaddr *out)
{
	size_t len = strlen("nameserver");

	if (strncmp(line, "nameserver", len) != 0 || !strspn(line + len, blanks))
		return false;
	line += len;
	line += strspn(line, blanks);
	line[strcspn(line, " \t\r#;")] = 0;
	return mir_ipaddr_parse(line, out) == 0 && mir_ipaddr_is4(out);
}

unsigned mir_host_name_servers(struct mir_stack *s, struct mir_ipaddr *out, unsigned max)
{
	char text[FILE_MAX + 1], *line = text, *end;
	int fd = open("/etc/resolv.conf", O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, text, FILE_MAX);
	unsigned n = 0;

	(void)s;
	if (fd >= 0)
		close(fd);
	if (len < 0)
		return 0;
	for (text[len] = 0; n < max && line; line = end ? end + 1 : NULL) {
		end = strchr(line, '\n');
		if (end)
			*end = 0;
		n += parse_line(line, &out[n]);
	}
	return n;
}
