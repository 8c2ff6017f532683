internal import SCAClient
internal import SCACore

/// From answers to rows, history and exit status.
extension SendRun {
    func settle() async throws {
        let watch = ConnectionWatch(invocation)
        var end: ClientError?
        while let events = await connection.nextEvents() {
            var deliveries: [Delivery] = []
            for event in events {
                let outcome = await watch.observe(event)
                status = status.combined(with: outcome)
                if case .delivery(let delivery) = event { deliveries.append(delivery) }
                if case .ended(let error) = event { end = error }
            }
            if !deliveries.isEmpty { await settle(deliveries) }
        }
        if let error = end ?? submitFailure { throw context.stop.isRequested ? error : failure(error) }
    }

    private func settle(_ deliveries: [Delivery]) async {
        var rows: [Row] = []
        for delivery in deliveries {
            let reference = references.removeValue(forKey: delivery.id)
            if delivery.isUnconfirmed { continue }
            status = status.combined(with: delivery.status.exitStatus)
            isAnyoneOffline = isAnyoneOffline || delivery.status == .offline
            rows.append(.sent(SentRow(delivery, reference: reference)))
        }
        // In this order: what is printed is kept, whoever goes away meanwhile.
        await remember(deliveries)
        await show(rows)
        await forget(deliveries.count)
    }

    private func remember(_ deliveries: [Delivery]) async {
        do {
            let mobile = try invocation.mobile()
            try await store.storeOwn(deliveries.map { HistoryRow($0, from: mobile) })
        } catch {
            // Once is enough: what is wrong with the disk is wrong for every message.
            if !hasHistoryFailed { await refuse(CommandFailure(ownCopies: error)) }
            hasHistoryFailed = true
        }
    }
}
