import SCAServerd
import Testing

@Suite struct MetricsAddressTests {
    @Test(arguments: [
        ("9464", "127.0.0.1", 9_464), ("0", "127.0.0.1", 0), ("0.0.0.0:9464", "0.0.0.0", 9_464), ("[::1]:1", "::1", 1),
        ("metrics.internal:65535", "metrics.internal", 65_535),
    ])
    func aPortOrAnAddressAndAPortIsUnderstood(_ text: String, _ host: String, _ port: Int) {
        let address = MetricsAddress(parsing: text)
        #expect(address?.host == host)
        #expect(address?.port == port)
    }

    @Test(arguments: [
        "", ":", "x", "65536", "-1", "+1", "1.5", ":9464", "host:", "host:x", "::1:9464", "[]:1", "[::1]",
        "99999999999999999999",
    ])
    func anythingElseIsNot(_ text: String) {
        #expect(MetricsAddress(parsing: text) == nil)
    }
}
