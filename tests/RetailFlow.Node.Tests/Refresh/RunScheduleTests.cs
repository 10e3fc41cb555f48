using RetailFlow.Node.Refresh;
using Xunit;

namespace RetailFlow.Node.Tests.Refresh;

public sealed class RunScheduleTests
{
    private readonly RunSchedule _schedule = new(Milliseconds(1_000), Milliseconds(0));

    [Theory, InlineData(0, 1_000), InlineData(RunSchedule.Many - 1, 1_000), InlineData(RunSchedule.Many, 250)]
    public void The_first_run_is_due_after_an_interval_or_a_quarter_of_it_if_many_records_wait(long waiting, int due) =>
        Assert.Equal(Milliseconds(due), _schedule.Due(Milliseconds(0), waiting, 0, isWanted: false));

    [Theory, InlineData(0, false, 11_000), InlineData(RunSchedule.Many, false, 10_375), InlineData(0, true, 10_300), InlineData(RunSchedule.Many, true, 10_300)]
    public void Runs_begin_an_interval_apart_or_right_after_a_rest_if_many_records_wait_or_at_once_if_wanted(long waiting, bool isWanted, int due)
    {
        _schedule.Ended(Milliseconds(10_000), Milliseconds(10_300));

        Assert.Equal(Milliseconds(due), _schedule.Due(Milliseconds(10_300), waiting, 0, isWanted));
    }

    [Theory, InlineData(RunSchedule.Many, 1, 375), InlineData(RunSchedule.Many, 0, 1_000), InlineData(RunSchedule.Many - 1, 1, 1_000)]
    public void What_comes_right_after_many_records_waits_no_longer_than_they_did(long carried, long waiting, int due)
    {
        _schedule.Begins(Milliseconds(0), carried, 0);
        _schedule.Ended(Milliseconds(0), Milliseconds(300));

        Assert.Equal(Milliseconds(due), _schedule.Due(Milliseconds(300), waiting, 0, isWanted: false));
    }

    [Theory]
    [InlineData(0, 600, 1_000)]
    [InlineData(0, 900, 1_125)]
    [InlineData(0, 1_000, 1_250)]
    [InlineData(0, 24_000, 29_000)]
    [InlineData(5_000, 4_000, 6_000)]
    [InlineData(5_000, 12_000, 17_000)]
    public void A_run_that_takes_most_of_the_interval_or_more_is_followed_by_a_rest_of_a_quarter_of_its_time_or_half_of_it_in_a_rush_up_to_five_seconds(
        int answered, int elapsed, int due)
    {
        _schedule.Begins(Milliseconds(0), 0, answered);
        _schedule.Ended(Milliseconds(0), Milliseconds(elapsed));

        Assert.Equal(Milliseconds(due), _schedule.Due(Milliseconds(elapsed), 0, answered, isWanted: false));
    }

    [Theory, InlineData(0, false), InlineData(RunSchedule.Many, false), InlineData(0, true)]
    public void After_a_failure_nothing_runs_before_the_pause_is_over(long waiting, bool isWanted)
    {
        _schedule.Failed(Milliseconds(0), Milliseconds(100), Milliseconds(8_000));

        Assert.Equal(Milliseconds(8_100), _schedule.Due(Milliseconds(0), waiting, 0, isWanted));
    }

    [Fact]
    public void A_run_after_failures_ends_the_pause()
    {
        _schedule.Failed(Milliseconds(0), Milliseconds(100), Milliseconds(8_000));
        _schedule.Ended(Milliseconds(8_100), Milliseconds(8_200));

        Assert.Equal(Milliseconds(9_100), _schedule.Due(Milliseconds(0), 0, 0, isWanted: false));
    }

    [Theory]
    [InlineData(10_300, 4_999, 10_375)]
    [InlineData(10_300, 5_000, 15_000)]
    [InlineData(11_000, 5_000, 15_000)]
    [InlineData(12_000, 9_999, 10_375)]
    [InlineData(12_000, 10_000, 15_000)]
    public void In_a_rush_for_reservations_runs_are_five_intervals_apart_until_it_is_over(int now, int answered, int due)
    {
        _schedule.Begins(Milliseconds(10_000), RunSchedule.Many - 1, 70);
        Assert.False(_schedule.WasBusy);
        _schedule.Ended(Milliseconds(10_000), Milliseconds(10_300));

        Assert.Equal(Milliseconds(due), _schedule.Due(Milliseconds(now), RunSchedule.Many, 70 + answered, isWanted: false));
        Assert.Equal(Milliseconds(10_300), _schedule.Due(Milliseconds(now), RunSchedule.Many, 70 + answered, isWanted: true));
        _schedule.Begins(Milliseconds(now), 0, 70 + answered);
        Assert.Equal(due == 15_000, _schedule.WasBusy);
        _schedule.Begins(Milliseconds(now), RunSchedule.Many, 0);
        Assert.True(_schedule.WasBusy);
    }

    private static TimeSpan Milliseconds(int count) => TimeSpan.FromMilliseconds(count);
}
