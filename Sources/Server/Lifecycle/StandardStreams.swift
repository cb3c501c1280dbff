import Platform

/// The three descriptors that a program starts with; any of them may be closed.
enum StandardStreams {
    /// Opens the null device in place of each closed one.
    ///
    /// Otherwise the next file or socket would get its number, and the log or messages would be written into that.
    ///
    /// - Returns: the descriptor of the scoring log: that of stdout, or -1 if it was closed.
    static func secure() -> Int32 {
        let isOutputOpen = fcntl(STDOUT_FILENO, F_GETFD) >= 0
        // The lowest free number is taken, so the lower ones must be filled first.
        for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(descriptor, F_GETFD) < 0 {
            _ = open("/dev/null", O_RDWR)
        }
        return isOutputOpen ? STDOUT_FILENO : -1
    }
}
