import Testing

@testable import scactl

@Suite struct PointInTimeTests {
    /// 2026-11-22 14:03:22.974 UTC; the user is at +02:00.
    private func moment(_ text: String) -> Int64? {
        PointInTime(text, now: World.now, zone: .fixed(2 * 3600))?.unixMilliseconds
    }

    @Test(arguments: [
        ("2h", World.now - 7_200_000), ("250ms", World.now - 250), ("0", World.now),
        ("2026-11-22", 1_795_298_400_000), ("2026-11-22T14:03", 1_795_348_980_000),
        ("2026-11-22 14:03:22.5", 1_795_349_002_500), ("2026-11-22t14:03:22z", 1_795_356_202_000),
        ("2026-11-22T14:03:22.974123Z", 1_795_356_202_974), ("2026-11-22T19:33+05:30", 1_795_356_180_000),
        ("2026-11-22T19:33+0530", 1_795_356_180_000), ("2026-11-22T09:03-05", 1_795_356_180_000),
        ("2024-02-29", 1_709_157_600_000), ("1970-01-01T00:00Z", 0), ("1969-12-31T23:59:59.999Z", -1),
    ])
    func aDurationAgoAndEveryFormOfADateAreRead(_ text: String, _ expected: Int64) {
        #expect(moment(text) == expected)
    }

    @Test(arguments: [
        "", "yesterday", "2026-13-01", "2026-00-01", "2026-02-29", "2026-04-31", "2026-11-00", "26-11-22", "2026-11-2",
        "2026/11/22", "2026-11-22T", "2026-11-22T24:00", "2026-11-22T14:60", "2026-11-22T14:03:60", "2026-11-22T14",
        "2026-11-22T14:03:22.", "2026-11-22T14:03+24:00", "2026-11-22T14:03+5", "2026-11-22T14:03X",
        "2026-11-22T14:03ZZ",
        "-2h", "2026-11-22T14:03+05:3", "２０２６-11-22",
    ])
    func whatIsNoMomentIsRefused(_ text: String) {
        #expect(moment(text) == nil)
    }

    @Test(arguments: [
        (Int64(0), "1970-01-01", "02:00:00"), (-1, "1970-01-01", "01:59:59"),
        (1_795_356_202_974, "2026-11-22", "16:03:22"),
    ])
    func aTimeIsShownAsOnTheUsersWall(_ unixMilliseconds: Int64, _ date: String, _ time: String) {
        let local = LocalZone.fixed(2 * 3600).localTime(at: unixMilliseconds)
        #expect(local.date == date && local.time == time)
    }
}
