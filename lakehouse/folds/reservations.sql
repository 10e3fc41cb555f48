{# Here source('bronze', 'reservations') is what is new, and this is the rows there are of its reservations. What is new is newer than
   they are; entries that changed nothing leave them as they are. #}
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

before as (
    select reservation_id, min(confirmed_at) as confirmed_at, min(ended_at) as ended_at
    from {{ this }}
    group by reservation_id
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
    least(t.confirmed_at, b.confirmed_at) as confirmed_at,
    least(t.ended_at, b.ended_at) as ended_at,
    n.sequence as last_sequence,
    n.moment as last_at
from newest as n
inner join times as t on n.id = t.id
left join before as b on n.id = b.reservation_id

union all

select
    s.reservation_id,
    s.line,
    s.sku,
    s.location,
    s.quantity,
    s.fulfilled,
    s.state,
    s.reference,
    s.channel,
    s.created_at,
    s.expires_at,
    s.confirmed_at,
    s.ended_at,
    s.last_sequence,
    s.last_at
from {{ this }} as s
where not exists (select 1 from times as t where t.id = s.reservation_id)
