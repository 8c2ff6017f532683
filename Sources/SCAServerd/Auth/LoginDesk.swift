internal import Crypto
internal import FoundationEssentials
internal import Logging
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import SCACore

/// Login by code: takes requests from all event loops, has codes delivered, and gives tokens. An actor; the owner of the
/// `CodeDesk`, which has the rules.
///
/// A request for a code is answered before the code is on its way: how long delivery takes, and whether it works, could tell
/// whether a mobile exists. Delivery runs on threads of its own, so many at once and no more.
actor LoginDesk {
    /// What a request is answered with.
    struct Answer: Sendable {
        var status: HTTPResponseStatus
        var body: String
        /// For 429: when to come back, in seconds.
        var retryAfter: Int?
    }

    /// The longest request, in bytes; a proper one has 60.
    static let maximumBody = 1_024
    /// Deliveries that run or wait; who asks meanwhile is told to come back.
    private static let deliveries = 16
    private static let digits = 6

    private let configuration: AuthConfiguration
    private let command: CodeCommand
    private let log: ServerLog
    private let threads = NIOThreadPool(numberOfThreads: 4)
    private var signer: SigningKey
    private var desk: CodeDesk
    private var delivering = 0
    private var isSweeping = false
    private(set) var readings = LoginReadings()

    init(_ configuration: AuthConfiguration, _ signer: SigningKey, log: ServerLog) {
        self.configuration = configuration
        self.signer = signer
        self.log = log
        command = CodeCommand(
            words: configuration.codeCommand,
            timeout: Int32(clamping: configuration.codeCommandTimeout.wholeNanoseconds / 1_000_000)
        )
        let limits = CodeDesk.Limits(
            lifetime: configuration.codeLifetime.wholeNanoseconds,
            tries: configuration.codeTries,
            codesPerMobile: configuration.codesPerMobile,
            loginsPerAddress: configuration.loginsPerAddress,
            pendingCodes: configuration.pendingCodes
        )
        desk = CodeDesk(limits, key: SymmetricKey(size: .bits256))
        threads.start()
    }

    /// Signs with another key from now on.
    func sign(with signer: SigningKey) { self.signer = signer }

    /// Lets the threads go and does not wait for them: deliveries under way are finished, none is begun.
    func stop() { threads.shutdownGracefully { _ in } }

    /// Answers `POST /login/code` or `/login/token`.
    ///
    /// - Parameters:
    ///   - body: what was posted, all of it.
    ///   - address: whose request it is, for the limits.
    func answer(_ step: LoginStep, _ body: [UInt8], from address: AddressBlock) async -> Answer {
        guard body.count <= Self.maximumBody, let request = try? JSONDecoder().decode(Request.self, from: Data(body)),
            let mobile = Mobile(request.mobile), step == .code || request.code != nil
        else { return Self.malformed }
        switch step {
        case .code: return sendCode(to: mobile, from: address)
        case .token: return await giveToken(to: mobile, for: request.code ?? "", from: address)
        }
    }

    private func sendCode(to mobile: Mobile, from address: AddressBlock) -> Answer {
        guard delivering < Self.deliveries else {
            readings.tooMany += 1
            return Self.tooMany(5)
        }
        let code = Self.makeCode()
        let verdict = desk.request(mobile, from: address, code: code, now: Self.now)
        guard case .granted = verdict else { return refuse(verdict, mobile) }
        deliver(code, to: mobile)
        sweep()
        let seconds = configuration.codeLifetime.components.seconds
        return Answer(status: .accepted, body: #"{"expires_s":\#(seconds),"tries":\#(configuration.codeTries)}"#)
    }

    private func giveToken(to mobile: Mobile, for code: String, from address: AddressBlock) async -> Answer {
        let verdict = desk.redeem(mobile, from: address, code: code, now: Self.now)
        guard case .granted = verdict else { return refuse(verdict, mobile) }
        do {
            let token = try await signer.token(
                for: mobile,
                lifetime: configuration.tokenLifetime,
                audience: configuration.audience,
                now: WallClock.unixMilliseconds()
            )
            log.logger.info("token given for a code", metadata: [LogKey.mobile: log.name(mobile)])
            return Answer(status: .ok, body: #"{"token":"\#(token)"}"#)
        } catch {
            log.logger.error("\(error.message)")
            return Answer(status: .internalServerError, body: "{}")
        }
    }

    /// Has the code delivered. Not structured: the request is answered without it.
    private func deliver(_ code: String, to mobile: Mobile) {
        delivering += 1
        let input = #"{"mobile":"\#(mobile)","code":"\#(code)"}"# + "\n"
        Task { [threads, command] in
            let outcome = try? await threads.runIfActive { command.run(input) }
            delivering -= 1
            switch outcome {
            case .sent:
                readings.sent += 1
                log.logger.info("login code sent", metadata: [LogKey.mobile: log.name(mobile)])
            case nil: break
            case let failure?:
                readings.failed += 1
                desk.withdraw(code, of: mobile)
                log.logger.error(
                    "the code command failed; nobody gets a code until it works",
                    metadata: [LogKey.mobile: log.name(mobile), LogKey.reason: "\(failure)"]
                )
            }
        }
    }

    /// Forgets codes when they end, also if nobody asks any more. Not structured: it ends with the last code.
    private func sweep() {
        guard !isSweeping else { return }
        isSweeping = true
        Task {
            while let deadline = desk.nextDeadline {
                try? await Task.sleep(for: .nanoseconds(max(deadline - Self.now, 0) + 1_000_000))
                desk.advance(now: Self.now)
            }
            isSweeping = false
        }
    }

    private func refuse(_ verdict: CodeDesk.Verdict, _ mobile: Mobile) -> Answer {
        log.logger.debug(
            "login refused",
            metadata: [LogKey.mobile: log.name(mobile), LogKey.reason: "\(verdict)"]
        )
        if case .tooMany(let seconds) = verdict {
            readings.tooMany += 1
            return Self.tooMany(seconds)
        }
        readings.wrongCodes += 1
        return Self.answer(.unauthorized, WireError(.unauthorized, "this code is not right, or not any more"))
    }

    private static func tooMany(_ seconds: Int) -> Answer {
        var answer = answer(.tooManyRequests, WireError(.rateLimited, "too many logins; try again later"))
        answer.retryAfter = seconds
        return answer
    }

    private static let malformed = answer(
        .badRequest,
        WireError(.invalidFrame, #"expected {"mobile":"9876543210"}, and for a token "code" too"#)
    )

    private static func answer(_ status: HTTPResponseStatus, _ error: WireError) -> Answer {
        Answer(status: status, body: String(decoding: FrameEncoder.encodeRefusal(error), as: UTF8.self))
    }

    private static var now: Int64 { Int64(clamping: NIODeadline.now().uptimeNanoseconds) }

    /// Six digits from the system's secure randomness.
    private static func makeCode() -> String {
        var generator = SystemRandomNumberGenerator()
        return String((0..<digits).map { _ in Character("\(Int.random(in: 0...9, using: &generator))") })
    }

    private struct Request: Decodable {
        var mobile: String
        var code: String?
    }
}

/// The two requests of a login by code.
enum LoginStep: String, Sendable {
    /// Send a code to a mobile.
    case code
    /// Give a token for it.
    case token
}
