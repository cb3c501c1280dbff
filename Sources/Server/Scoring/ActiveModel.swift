import Model
import PredictionCache

/// A model that new requests are scored with, and the prefix of its entries in the cache.
final class ActiveModel: Sendable {
    let model: LinearModel
    let keyPrefix: String

    init(_ model: LinearModel, namespace: String) {
        self.model = model
        keyPrefix = CacheKey.prefix(namespace: namespace, modelVersion: model.version)
    }

    var version: String { model.version }
}
