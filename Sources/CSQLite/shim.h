#ifndef BUNGALOW_CSQLITE_SHIM_H
#define BUNGALOW_CSQLITE_SHIM_H

#include <sqlite3.h>

/* Has "name" be a column, and an error where there is none, not the text of that name. Swift sees no variadic
 * functions. */
static inline void sqlite_require_single_quotes(sqlite3 *connection) {
    sqlite3_db_config(connection, SQLITE_DBCONFIG_DQS_DML, 0, (int *)0);
    sqlite3_db_config(connection, SQLITE_DBCONFIG_DQS_DDL, 0, (int *)0);
}

#endif
