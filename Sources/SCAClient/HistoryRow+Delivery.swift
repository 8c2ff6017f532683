public import SCACore

extension HistoryRow {
    /// What this process sent, as of when it was submitted, for `HistoryStore.storeOwn`.
    ///
    /// - Parameters:
    ///   - delivery: what became of it.
    ///   - mobile: who sent it.
    public init(_ delivery: Delivery, from mobile: Mobile) {
        let (seconds, attoseconds) = delivery.elapsed.components
        self.init(
            id: delivery.id,
            ts: delivery.unixMilliseconds - seconds * 1000 - attoseconds / 1_000_000_000_000_000,
            direction: .out,
            from: mobile,
            to: delivery.to,
            text: delivery.text,
            status: delivery.isUnconfirmed ? nil : delivery.status
        )
    }
}
