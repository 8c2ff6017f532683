import SCAClient
import SCACore
import Testing

@testable import scactl

@Suite struct ExitStatusTests {
    @Test func theGraverOneWins() {
        let ascending: [Int32] = [0, 1, 124, 65, 74, 69, 77]
        for (index, graver) in ascending.enumerated() {
            for lighter in ascending[...index] {
                let (left, right) = (scactl.ExitStatus(rawValue: lighter), scactl.ExitStatus(rawValue: graver))
                #expect(left.combined(with: right) == right)
                #expect(right.combined(with: left) == right)
            }
        }
    }

    @Test(arguments: ClientError.Code.allCases)
    func everyClientErrorHasAStatusOfTheTable(_ code: ClientError.Code) {
        let expected: Int32 =
            switch code {
            case .usage: 64
            case .unreachable, .tlsFailed, .handshakeFailed, .connectionLost, .draining, .rateLimited: 69
            case .timeout: 124
            case .unauthorized: 77
            case .invalidServer, .protocolError: 76
            case .tooLarge: 65
            case .closed: 70
            case .badConfiguration: 78
            }
        let failure = CommandFailure(explaining: ClientError(code, "why", hint: "what"))
        #expect(failure.status.rawValue == expected)
        #expect(failure.code.word == code.rawValue && failure.message == "why" && failure.hint == "what")
    }

    @Test func errorsOfHistoryAndSettingsHaveTheirs() {
        #expect(CommandFailure(explaining: HistoryError(code: .full, message: "", hint: "")).status == .io)
        #expect(
            CommandFailure(explaining: SettingsError(code: .noHome, message: "", hint: "")).status == .badConfiguration
        )
        #expect(CommandFailure(explaining: CancellationError()).status == .bug)
    }
}
