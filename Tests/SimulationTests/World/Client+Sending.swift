internal import SCACore

@testable internal import SCAClient

/// What is sent: whatever the machines ask for, once a turn; and the next time that something is due.
extension Client {
    func settle() {
        guard !isGone, !isStopped else { return }
        performDeliveries()
        if tracker.inFlight > window {
            world.ledger.fail("\(name) has \(tracker.inFlight) messages in flight, its window is \(window)")
        }
        if let line, machine.info != nil, !outgoing.isEmpty {
            let bytes = outgoing
            outgoing = []
            let mark = tracker.writeMark
            machine.sent(now: now)
            line.write(.client, bytes) { [weak self] in
                guard let self, mark != writeMark, self.line === line else { return }
                world.agenda.after(0) {
                    self.writeMark = mark
                    self.tracker.written(upTo: mark, now: self.now)
                    self.settle()
                }
            }
        }
        setTimer()
    }

    func performDeliveries() {
        for action in tracker.takeActions() {
            switch action {
            case .transmit(let frame): append(frame)
            case .report(let delivery): report(delivery)
            case .askForList: append(.getOnlineUsers)
            case .ping: ping(isBarrier: true)
            case .watch(let mobile): if tellsWatched, !presence.isWatching(mobile) { append(.watch([mobile])) }
            case .unwatch(let mobile): if tellsWatched, !presence.isWatching(mobile) { append(.unwatch([mobile])) }
            }
        }
    }

    func ping(isBarrier: Bool) {
        append(.ping)
        pongs.append(isBarrier)
    }

    func append(_ frame: ClientFrame) {
        guard line != nil else { return }
        var frame = frame
        if case .message(let to, let text, let id) = frame {
            transmissions += 1
            let marked = Ledger.mark(text.string, line: line?.number ?? 0, count: transmissions)
            frame = .message(to: to, text: MessageText(marked), id: id)
        }
        outgoing += WebSocketFrame.encode(.text, payload: FrameEncoder.encode(frame), maskingKey: UInt32(transmissions))
    }

    func setTimer() {
        let deadlines = [machine.nextDeadline, tracker.nextDeadline(), shelf.nextDeadline].compactMap(\.self)
        guard let next = deadlines.min() else { return }
        let time = world.nanoseconds(next)
        if let timer, timer <= time { return }
        timer = time
        world.agenda.at(time) { [weak self] in
            guard let self, timer == time, !isGone, !isStopped else { return }
            timer = nil
            perform(machine.tick(now: now))
            tracker.tick(now: now)
            for copy in shelf.due(now: now) { collect(copy, .routed) }
            storeArrived()
            settle()
        }
    }

    func report(_ delivery: Delivery) {
        world.trace("\(name): \(delivery.id) is \(delivery.status)")
        if unreported.remove(delivery.id) == nil { world.ledger.fail("\(name) reports \(delivery.id) twice") }
        outcomes[delivery.id] = delivery.status
        if delivery.status == .stored {
            world.ledger.storedReports += 1
            let key = Disk.Key(from: request.mobile, id: delivery.id)
            if !world.disks.contains(where: { $0.mobile == delivery.to && $0.durable.contains(key) }) {
                world.ledger.fail("\(name) is told that \(delivery.id) is stored; no disk of \(delivery.to) has it")
            }
        }
        if delivery.status.isRefused, !request.isBase, delivery.to != request.mobile {
            let key = Disk.Key(from: request.mobile, id: delivery.id)
            world.ledger.refused(key)
            for disk in world.disks where disk.mobile == delivery.to && disk.durable.contains(key) {
                world.ledger.stored(key)
            }
        }
        storeOwn(delivery)
    }
}
