namespace RetailFlow.Node.Simulation;

/// <summary>
/// A small seeded generator (xoshiro256**, seeded by SplitMix64). It is spelled out here, and uses no transcendental
/// function, because equal seeds must give equal bytes on every runtime and processor.
/// </summary>
internal sealed class SimulationRandom
{
    private ulong _a;
    private ulong _b;
    private ulong _c;
    private ulong _d;

    public SimulationRandom(int seed, ulong purpose)
    {
        var state = unchecked((ulong)seed * 0x9E3779B97F4A7C15UL + purpose);
        _a = SplitMix(ref state);
        _b = SplitMix(ref state);
        _c = SplitMix(ref state);
        _d = SplitMix(ref state);
    }

    public int Below(int bound) => unchecked((int)(((Next() >> 32) * (ulong)(uint)bound) >> 32));

    public long Below(long bound) => unchecked((long)Math.BigMul(Next(), (ulong)bound, out _));

    public int Between(int low, int high) => low + Below(high - low + 1);

    public double Unit() => unchecked((Next() >> 11) * (1.0 / (1UL << 53)));

    public bool Chance(double probability) => Unit() < probability;

    private ulong Next()
    {
        unchecked
        {
            var result = ulong.RotateLeft(_b * 5, 7) * 9;
            var t = _b << 17;
            _c ^= _a;
            _d ^= _b;
            _b ^= _c;
            _a ^= _d;
            _c ^= t;
            _d = ulong.RotateLeft(_d, 45);
            return result;
        }
    }

    private static ulong SplitMix(ref ulong state)
    {
        unchecked
        {
            state += 0x9E3779B97F4A7C15UL;
            var z = state;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
            return z ^ (z >> 31);
        }
    }
}
