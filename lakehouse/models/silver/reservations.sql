{# Every entry that was done tells the whole reservation, so the newest one is its state. Quantities are taken from the text of the lines: as
   JSON numbers they would pass through binary floats. #}
with entries as (
    select
        r.id,
        r.sequence,
        r.at as moment,
        r.state,
        r.created_at,
        r.expires_at,
        r.reference,
        r.channel,
        r.lines,
        row_number() over (partition by r.id order by r.sequence desc) as place
    from {{ source('bronze', 'reservations') }} as r
    where r.outcome = 'done' and r.state is not null
),

times as (
    select
        id,
        min(case when state = 'confirmed' then moment end) as confirmed_at,
        min(case when state in ('fulfilled', 'released', 'expired') then moment end) as ended_at
    from entries
    group by id
),

newest as (
    select
        e.*,
        unnest(range(1, cast(json_array_length(e.lines) as bigint) + 1)) as line,
        unnest(json_extract_string(e.lines, '$[*].sku')) as sku,
        unnest(json_extract_string(e.lines, '$[*].location')) as location,
        unnest(regexp_extract_all(e.lines, '"quantity":([0-9.]+)', 1)) as quantity,
        unnest(regexp_extract_all(e.lines, '"fulfilled":([0-9.]+)', 1)) as fulfilled
    from entries as e
    where e.place = 1
)

select
    n.id as reservation_id,
    cast(n.line as bigint) as line,
    n.sku,
    n.location,
    cast(n.quantity as decimal(18, 5)) as quantity,
    cast(n.fulfilled as decimal(18, 5)) as fulfilled,
    n.state,
    n.reference,
    n.channel,
    n.created_at,
    n.expires_at,
    t.confirmed_at,
    t.ended_at,
    n.sequence as last_sequence,
    n.moment as last_at
from newest as n
inner join times as t on n.id = t.id
