/// The kind of model that a log is of: it decides the words before the scoring time.
public enum ModelKind: Sendable, Hashable {
    /// Machine learning: `Prediction took`
    case ml
    /// Deep learning: `Predictions took`
    case dl
}
