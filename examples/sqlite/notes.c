/* notes.c: keeps notes, and finds them again by their words. */
#include "mirage/app.h"

#include <sqlite3.h>

/* A commit appends to a log, and waits for the disk once. */
static const char schema[] = "PRAGMA journal_mode = WAL;"
			     "CREATE TABLE IF NOT EXISTS note("
			     "  at INTEGER NOT NULL DEFAULT (unixepoch()), text TEXT NOT NULL);"
			     "CREATE VIRTUAL TABLE IF NOT EXISTS word USING"
			     "  fts5(text, content = 'note');"
			     "CREATE TRIGGER IF NOT EXISTS noted AFTER INSERT ON note BEGIN"
			     "  INSERT INTO word(rowid, text) VALUES (new.rowid, new.text);"
			     "END";

static const char show_all[] =
    "SELECT rowid, datetime(at, 'unixepoch'), text FROM note ORDER BY rowid";
static const char show_some[] =
    "SELECT note.rowid, datetime(at, 'unixepoch'), note.text FROM word JOIN note"
    " ON note.rowid = word.rowid WHERE word MATCH ?1 ORDER BY note.rowid";

static int print(struct mir_console *console, sqlite3 *db, const char *find)
{
	sqlite3_stmt *s;
	int rc = sqlite3_prepare_v2(db, *find ? show_some : show_all, -1, &s, NULL);

	if (rc == SQLITE_OK && *find)
		rc = sqlite3_bind_text(s, 1, find, -1, SQLITE_STATIC);
	while (rc == SQLITE_OK && (rc = sqlite3_step(s)) == SQLITE_ROW) {
		mir_console_printf(console, "%d  %s  %s\n", sqlite3_column_int(s, 0),
		    (const char *)sqlite3_column_text(s, 1),
		    (const char *)sqlite3_column_text(s, 2));
		rc = SQLITE_OK;
	}
	sqlite3_finalize(s);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int add(sqlite3 *db, const char *text)
{
	sqlite3_stmt *s;
	int rc = sqlite3_prepare_v2(db, "INSERT INTO note(text) VALUES (?1)", -1, &s, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_bind_text(s, 1, text, -1, SQLITE_STATIC);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(s);
	sqlite3_finalize(s);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int notes_main(const struct app *app)
{
	sqlite3 *db;
	int rc = sqlite3_open("notes.db", &db);

	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, schema, NULL, NULL, NULL);
	if (rc == SQLITE_OK && *app->keys.add)
		rc = add(db, app->keys.add);
	if (rc == SQLITE_OK)
		rc = print(app->console, db, app->keys.find);
	if (rc != SQLITE_OK)
		mir_console_printf(app->console, "error: %s\n", sqlite3_errmsg(db));
	sqlite3_close(db);
	return rc != SQLITE_OK;
}
