internal import SCACore

@testable internal import SCAClient

/// Its connection: what `ClientStateMachine` wants is done, and what comes over the line is read.
extension Client {
    func perform(_ actions: [ClientStateMachine.Action]) {
        for action in actions {
            switch action {
            case .dial: dial()
            case .ping: ping(isBarrier: false)
            case .close: break
            case .drop:
                line?.detach(.client)
                line?.finish(.client)
                line = nil
            case .connected(let info), .reconnected(let info, _):
                world.trace("\(name) is connected over \(line?.number ?? 0)")
                presence.connected()
                tracker.connected(info, now: now)
                if tellsWatched { append(.watch(presence.watchedMobiles)) }
            case .disconnected(let error):
                world.trace("\(name) has lost its connection: \(error)")
                if world.mutation != .forgetsLoss { tracker.disconnected(now: now) }
            case .reconnecting: break
            case .ended(let error):
                world.trace("\(name) has ended: \(error?.description ?? "closed")")
                if error?.isTemporary != true { world.ledger.fail("\(name) ends for good: \(error?.message ?? "")") }
                tracker.end(now: now)
                performDeliveries()
                isGone = true
            }
        }
    }

    func dial() {
        parser = FrameParser(role: .client, maximumMessage: 1 << 20)
        outgoing = []
        pongs = []
        transmissions = 0
        line = world.dial(request, for: self)
    }

    /// The answer to a dial: nil if it was an upgrade.
    func dialed(_ source: Line, _ error: ClientError?) {
        guard line === source, !isGone else { return source.finish(.client) }
        if let error { return lost(source, error) }
        source.attach(
            .client,
            Line.Owner(
                read: { [unowned self] in read($0, source) },
                ended: { [unowned self] in
                    if !isStopped { return lost(source, ClientError(.connectionLost, "cut")) }
                    // Noticed once the process goes on.
                    world.agenda.after(Agenda.second) { [weak self] in
                        self?.lost(source, ClientError(.connectionLost, "cut"))
                    }
                }
            )
        )
        perform(machine.upgraded(request.isBase ? .base : .v2, now: now))
        settle()
    }

    func lost(_ source: Line, _ error: ClientError) {
        guard line === source, !isGone else { return }
        source.detach(.client)
        source.finish(.client)
        line = nil
        perform(machine.lost(error, now: now))
        settle()
    }

    func read(_ bytes: [UInt8], _ source: Line) {
        guard line === source, !isGone else { return }
        var bytes = bytes
        var frames: [ServerFrame] = []
        var goodbye: CloseReason?
        var span = bytes.mutableSpan
        do throws(CloseReason) {
            try parser.consume(&span) { kind, payload in
                switch kind {
                case .text:
                    do throws(WireError) { frames.append(try FrameDecoder().serverFrame(payload)) } catch {
                        world.ledger.fail("\(name) cannot read a frame: \(error.message)")
                    }
                case .close(let reason): goodbye = reason
                case .binary, .ping, .pong: break
                }
                return .proceed
            }
        } catch {
            world.ledger.fail("\(name) finds fault with the server: \(error)")
        }
        if !frames.isEmpty { machine.received(now: now) }
        for frame in frames where line === source {
            world.trace("\(name) < \(frame)")
            if case .hello(let hello) = frame {
                perform(machine.greeted(hello, now: now))
                continue
            }
            perform(machine.receivedOther(now: now))
            if line === source { receive(frame, over: source) }
        }
        storeArrived()
        if let goodbye, line === source {
            let payload = WebSocketFrame.closePayload(goodbye)
            source.write(.client, WebSocketFrame.encode(.close, payload: payload, maskingKey: 7))
            lost(source, WebSocketConnection.error(goodbye, .local))
        }
        settle()
    }
}
