/* pages.c: every request is for a file of the site. */
#include "mirage/app.h"

int pages_main(const struct app *app, struct mir_http_request *req, struct mir_http_response *res)
{
	return mir_http_serve(app->fs_site, "", req, res);
}
