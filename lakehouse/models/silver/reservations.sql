{# Every entry that was done tells the whole reservation, so the newest one is its state. Quantities are taken from the text of the lines, where
   they end before the next comma or brace: as JSON numbers they would pass through binary floats. #}
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
        r.lines
    from {{ source('bronze', 'reservations') }} as r
    where r.outcome = 'done' and r.state is not null
),

lives as (
    select
        max(sequence) as sequence,
        min(case when state = 'confirmed' then moment end) as confirmed_at,
        min(case when state in ('fulfilled', 'released', 'expired') then moment end) as ended_at
    from entries
    group by id
),

newest as (
    select
        e.*,
        l.confirmed_at,
        l.ended_at,
        from_json(e.lines, '[{"sku":"VARCHAR","location":"VARCHAR"}]') as places
    from entries as e
    inner join lives as l on e.sequence = l.sequence
),

of_lines as (
    select
        n.*,
        unnest(range(1, len(n.places) + 1)) as line,
        unnest(n.places) as place,
        unnest(string_split(n.lines, '"quantity":')[2:]) as quantity,
        unnest(string_split(n.lines, '"fulfilled":')[2:]) as fulfilled
    from newest as n
)

select
    id as reservation_id,
    cast(line as bigint) as line,
    place.sku,
    place.location,
    cast(split_part(split_part(quantity, ',', 1), '}', 1) as decimal(18, 5)) as quantity,
    cast(split_part(split_part(fulfilled, ',', 1), '}', 1) as decimal(18, 5)) as fulfilled,
    state,
    reference,
    channel,
    created_at,
    expires_at,
    confirmed_at,
    ended_at,
    sequence as last_sequence,
    moment as last_at
from of_lines
