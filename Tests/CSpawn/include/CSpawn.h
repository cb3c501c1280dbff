#pragma once

#include <sys/types.h>

/// Starts a program with nothing of this process but three streams: no other descriptor is open in it, and no signal is
/// ignored or blocked.
///
/// In C, since Swift does not see the GNU extension that closes the other descriptors.
///
/// @param program a file, or a name to find in PATH
/// @param streams the descriptors that become its standard input, output and error
/// @return 0, or the error's number
int spawn_with_streams(pid_t *process, const char *program, char *const arguments[], char *const environment[],
                       const int streams[3]);
