internal import SCAClient
internal import SCACore

/// Messages that are submitted together, and the line of stdin that each is from; nil for one that is none of many.
private struct Batch {
    var messages: [Outgoing] = []
    var lines: [Int?] = []
}

/// From records to messages on their way.
extension SendRun {
    func submit(_ source: Source) async {
        switch source {
        case .message(let record): await submit([record])
        case .records(let form): await submitRecords(form)
        }
        await endInput()
    }

    private func submitRecords(_ form: InputForm) async {
        var splitter = RecordSplitter(separator: form == .nul ? 0 : UInt8(ascii: "\n"), limit: MessageRecord.longest)
        do throws(CommandFailure) {
            while let block = try await context.input.next() {
                await submit(await parsed(splitter.append(block), form))
            }
        } catch {
            return await refuse(error)
        }
        // Half a line that was being typed when somebody pressed Ctrl-C is not a message.
        guard !context.stop.isRequested, outputFailure == nil, let last = splitter.finish() else { return }
        await submit(await parsed([last], form))
    }

    private func parsed(_ records: [RecordSplitter.Record], _ form: InputForm) async -> [MessageRecord] {
        var messages: [MessageRecord] = []
        for record in records {
            do throws(CommandFailure) {
                if let message = try MessageRecord.parse(record, as: form) { messages.append(message) }
            } catch {
                await refuse(error)
            }
        }
        return messages
    }

    private func submit(_ records: [MessageRecord]) async {
        var batch = Batch()
        for record in records {
            guard await isAcceptable(record) else { continue }
            for recipient in record.recipients?.withoutRepeats ?? plan.recipients {
                batch.messages.append(outgoing(record, to: recipient))
                batch.lines.append(record.line)
                if batch.messages.count == Self.batch { await submit(&batch) }
            }
        }
        await submit(&batch)
    }

    private func outgoing(_ record: MessageRecord, to recipient: Mobile) -> Outgoing {
        let id = context.makeMessageID()
        references[id] = record.reference
        return Outgoing(
            to: recipient,
            text: record.text,
            id: id,
            wait: plan.wait,
            timeout: plan.timeout,
            retryFor: plan.retryFor
        )
    }

    /// Hands messages on; of those that the connection does not take any more, no answer will come.
    private func submit(_ batch: inout Batch) async {
        guard !batch.messages.isEmpty, takesMore else { return }
        await expect(batch.messages.count)
        progress.begin(batch.lines)
        do throws(ClientError) { try await connection.submit(batch.messages) } catch {
            // The connection is over; why comes as the last event. If it is not, nothing more would come of it.
            takesMore = false
            if error.code != .closed { submitFailure = error }
            await connection.close(grace: .seconds(1))
        }
        batch.messages.removeAll(keepingCapacity: true)
        batch.lines.removeAll(keepingCapacity: true)
    }

    /// Refuses what the server would not take, with the place where it came from.
    private func isAcceptable(_ record: MessageRecord) async -> Bool {
        let recipients = record.recipients ?? plan.recipients
        do throws(CommandFailure) {
            if recipients.isEmpty {
                throw .badInput("no \"to\", and no --to", hint: MessageRecord.example, line: record.line)
            }
            try visit.info.check(record.text, to: recipients, line: record.line, context.makeMessageID)
        } catch {
            if record.line == nil { await show(plan.recipients.map { .sent(rejected(to: $0, because: error)) }) }
            var failure = error
            failure.reference = record.reference
            await refuse(failure)
            return false
        }
        return true
    }

    private func rejected(to recipient: Mobile, because failure: CommandFailure) -> SentRow {
        SentRow(
            id: context.makeMessageID(),
            to: recipient,
            status: .rejected,
            unixMilliseconds: context.time.now(),
            elapsed: .zero,
            reason: failure.message
        )
    }
}
