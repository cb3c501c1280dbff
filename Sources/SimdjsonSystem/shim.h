// Names the system's simdjson to the linker only: its header is C++ and is read by CSimdjson alone.
