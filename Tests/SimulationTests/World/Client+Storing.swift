@testable internal import SCACore

@testable internal import SCAClient

/// The way of a message onto the disk, as `ChatClient` and `HistoryStore` have it: one batch is written while the next
/// collects, and takes its time.
extension Client {
    func storeArrived() {
        guard !isOver, let batch = intake.begin() else { return }
        let rows = batch.map(\.row)
        storing = rows
        if world.mutation == .storesTwice { history = nil }
        world.agenda.after(world.random(0...20_000_000)) { [weak self] in
            guard let self, !isOver else { return }
            storing = []
            var isStored = false
            do throws(HistoryError) {
                _ = try append(rows, .received)
                isStored = true
            } catch {
                world.trace("\(name) cannot store: \(error.code)")
            }
            report(batch, isStored: isStored)
            storeArrived()
            settle()
        }
    }

    /// What this process sent, as `scactl` stores it.
    func storeOwn(_ delivery: Delivery) {
        do throws(HistoryError) { _ = try append([HistoryRow(delivery, from: request.mobile)], .own) } catch {
            world.trace("\(name) cannot store its own: \(error.code)")
        }
    }

    private func append(_ rows: [HistoryRow], _ origin: HistoryFile.Origin) throws(HistoryError) -> [Bool] {
        let file: HistoryFile
        if let history {
            file = history
        } else {
            file = try HistoryFile(path: request.disk.path, calls: request.disk.calls, lockPatience: .zero)
            // The mistake: only what comes after this very moment is looked at for an id.
            if world.mutation != .storesTwice { file.begin(at: beginning) }
            history = file
        }
        return try file.append(rows, world.mutation == .storesTwice ? .own : origin)
    }
}
