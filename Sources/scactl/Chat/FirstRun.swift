internal import SCAClient
internal import SCACore

/// Asks who somebody is who has never logged in, does what `login` does, and goes on. A wrong answer is asked for again.
struct FirstRun {
    let prompt: Prompt
    let shared: SharedOptions
    let invocation: Invocation

    /// - Returns: the invocation of somebody who is logged in.
    /// - Throws: `not_logged_in` if the questions are not answered.
    func run() async throws -> Invocation {
        let mobile = try await mobile()
        let file = try invocation.paths.history(of: mobile)
        try await say("Messages are kept on this device only, in \(file); the server keeps nothing.")
        var options = shared
        options.mobile = mobile.description
        while true {
            options.server = try await server()
            let invocation = try Invocation(options, console: invocation.console, in: invocation.context)
            do {
                let run = LoginRun(invocation) { offer in
                    try await say(offer.sentence)
                    return try await answer(to: "Code: ")
                }
                _ = try await run.run(as: mobile)
                return invocation
            } catch var failure as CommandFailure {
                // Another address would not help: this one wants a proof, and its hint says how to get one.
                if failure.status == .notAdmitted { throw failure }
                failure.hint = "start one with scad, or type another address; Ctrl-D leaves"
                await invocation.console.report(failure)
            }
        }
    }

    private func mobile() async throws -> Mobile {
        while true {
            let answer = try await answer(to: "Your mobile (10 to 32 digits): ")
            if answer.isEmpty { continue }
            do throws(CommandFailure) { return try Mobile(argument: answer) } catch {
                await invocation.console.report(error)
            }
        }
    }

    private func server() async throws -> String {
        while true {
            let answer = try await answer(to: "Server [\(invocation.endpoint)]: ")
            if answer.isEmpty { return invocation.endpoint.description }
            do throws(ClientError) { return try Endpoint(parsing: answer).description } catch {
                await invocation.console.report(.usage(error.message, hint: error.nextStep))
            }
        }
    }

    private func answer(to question: String) async throws -> String {
        let answer = await prompt.takingInterrupts(invocation.context.signals) {
            await prompt.ask(question, endsWhenInterrupted: true)
        }
        guard case .line(let line) = answer else { throw CommandFailure.notLoggedIn }
        return line.split(separator: " ").joined(separator: " ")
    }

    private func say(_ sentence: String) async throws(CommandFailure) {
        let shown = WordWrap.wrapped(sentence, to: invocation.context.columns())
        try await prompt.write([Array("\(shown)\n".utf8)])
    }
}
