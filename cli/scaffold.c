/* scaffold.c: the texts of the applications that `mirage new` makes. */
#include <stddef.h>

#include "scaffold.h"

/* clang-format off */
static const char gitignore[] =
	"# What 'mirage configure' and 'mirage build' make.\n"
	"/Makefile\n"
	"/mirage/\n"
	"/dist/\n";

static const char http_conf[] =
	"# @NAME@: a web server. 'mirage run' builds and starts it.\n"
	"main-http:    site.main       # the function site_main() in site.c answers requests\n"
	"fs-static:    static          # this folder is compiled in, as app->fs_static\n"
	"\n"
	"http-port:    8080\n"
	"http-address: *               # any address\n"
	"\n"
	"key-greeting: string \"Hello from a unikernel!\" \"what /hello says\"\n";

static const char http_c[] =
	"/* site.c: which answer a request gets. */\n"
	"#include \"mirage/app.h\"\n"
	"\n"
	"#include <string.h>\n"
	"\n"
	"static bool path_is(const struct mir_http_request *req, const char *path)\n"
	"{\n"
	"\treturn req->path.len == strlen(path) && memcmp(req->path.p, path, req->path.len) == 0;\n"
	"}\n"
	"\n"
	"int site_main(const struct app *app, struct mir_http_request *req, struct mir_http_response *res)\n"
	"{\n"
	"\tconst char *greeting = app->keys.greeting;\n"
	"\n"
	"\tif (path_is(req, \"/hello\"))\n"
	"\t\treturn mir_http_reply(res, 200, \"text/plain; charset=utf-8\", greeting, strlen(greeting));\n"
	"\treturn mir_http_serve(app->fs_static, \"\", req, res);\n"
	"}\n";

static const char http_html[] =
	"<!DOCTYPE html>\n"
	"<html lang=\"en\">\n"
	"<meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width\">\n"
	"<title>@NAME@</title>\n"
	"<style>\n"
	"body { font: 18px/1.6 system-ui, sans-serif; max-width: 36rem; margin: 4rem auto; padding: 0 1rem; }\n"
	"code { background: #eef; padding: .1em .3em; border-radius: .2em; }\n"
	"</style>\n"
	"<h1>@NAME@</h1>\n"
	"<p>This page is compiled into a unikernel: a program and the operating system that it needs, in one\n"
	"image. It is <code>static/index.html</code>; what you put beside it is served as well.\n"
	"<p><a href=\"/hello\">/hello</a> is answered by <code>site.c</code>.\n"
	"</html>\n";

static const char ip_conf[] =
	"# @NAME@: a TCP server. 'mirage run' builds and starts it.\n"
	"main-ip:  server.main         # the function server_main() in server.c gets the network stack\n"
	"\n"
	"key-port: port 7007 \"port to listen on\"\n";

static const char ip_c[] =
	"/* server.c: greets whoever connects, then sends back what it gets. */\n"
	"#include \"mirage/app.h\"\n"
	"\n"
	"#include <mir/fiber.h>\n"
	"#include <mir/log.h>\n"
	"\n"
	"MIR_LOG_SOURCE(server);\n"
	"\n"
	"/* One connection, on a fiber of its own: reading and writing wait without stopping the others. */\n"
	"static void serve(void *arg)\n"
	"{\n"
	"\tstruct mir_flow *flow = arg;\n"
	"\tstruct mir_slice data[8];\n"
	"\tint n, rc = mir_flow_printf(flow, \"Hello from a unikernel!\\r\\n\");\n"
	"\n"
	"\twhile (rc >= 0 && (n = mir_flow_read(flow, data, MIR_COUNT(data))) > 0)\n"
	"\t\trc = mir_flow_write(flow, data, (unsigned)n);\n"
	"\tmir_flow_close(flow);\n"
	"}\n"
	"\n"
	"static void accepted(void *arg, struct mir_tcp_flow *flow)\n"
	"{\n"
	"\t(void)arg;\n"
	"\tif (!mir_spawn(\"serve\", serve, &flow->flow))\n"
	"\t\tmir_flow_abort(&flow->flow);\n"
	"}\n"
	"\n"
	"int server_main(const struct app *app)\n"
	"{\n"
	"\tstruct mir_endpoint local = { .port = app->keys.port };\n"
	"\tstruct mir_tcp_listener *listener;\n"
	"\tstruct mir_waitq forever = { 0 };\n"
	"\tint rc = mir_tcp_listen(app->stack->tcp, &local, 0, NULL, accepted, NULL, &listener);\n"
	"\n"
	"\tif (rc < 0) {\n"
	"\t\tmir_error(\"port %u: %s\", app->keys.port, mir_strerror(rc));\n"
	"\t\treturn 1;\n"
	"\t}\n"
	"\tmir_app(\"listening on port %u\", app->keys.port);\n"
	"\twhile (mir_wait(&forever) == 0) /* until the image is told to end */\n"
	"\t\tcontinue;\n"
	"\tmir_tcp_unlisten(listener);\n"
	"\treturn 0;\n"
	"}\n";

static const char noip_conf[] =
	"# @NAME@: no network, nothing but a console. 'mirage run' builds and starts it.\n"
	"main-noip: hello.main         # the function hello_main() in hello.c\n"
	"needs:     console\n"
	"\n"
	"key-greeting: string \"Hello\" \"what it says\"\n";

static const char noip_c[] =
	"/* hello.c: says hello, and ends. */\n"
	"#include \"mirage/app.h\"\n"
	"\n"
	"int hello_main(const struct app *app)\n"
	"{\n"
	"\tmir_console_printf(app->console, \"%s from a unikernel!\\n\", app->keys.greeting);\n"
	"\treturn 0;\n"
	"}\n";
/* clang-format on */

static const struct scaffold_file http_files[] = {
	{ "@NAME@.conf", http_conf },
	{ "site.c", http_c },
	{ "static/index.html", http_html },
	{ ".gitignore", gitignore },
	{ NULL, NULL },
};

static const struct scaffold_file ip_files[] = {
	{ "@NAME@.conf", ip_conf },
	{ "server.c", ip_c },
	{ ".gitignore", gitignore },
	{ NULL, NULL },
};

static const struct scaffold_file noip_files[] = {
	{ "@NAME@.conf", noip_conf },
	{ "hello.c", noip_c },
	{ ".gitignore", gitignore },
	{ NULL, NULL },
};

const struct scaffold scaffolds[] = {
	{ "http", "a web server", "and look at http://localhost:8080/\n", http_files },
	{ "ip", "a TCP server", "and, elsewhere: nc localhost 7007\n", ip_files },
	{ "noip", "an application without network", "", noip_files },
	{ NULL, NULL, NULL, NULL },
};
