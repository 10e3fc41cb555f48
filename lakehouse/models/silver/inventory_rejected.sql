{# The first record of an identity holds it. A later one is a duplicate if its content is the same, otherwise a conflict.
   A void of a void, or of itself, is refused, and so is every repetition of it; it holds its identity all the same. #}
with repeated as (
    select hash(source, event_id, line) as key_hash
    from {{ source('bronze', 'inventory') }}
    group by 1
    having count(*) > 1
),

candidates as (
    select
        r.source,
        r.event_id,
        r.line,
        r.type,
        r.sku,
        r.location,
        r.quantity,
        r.event_time,
        r.voids_event_id,
        r.voids_line,
        r.reference,
        r.reason,
        r.unit_cost,
        r.channel,
        r.attributes,
        r._file,
        r._file * 4294967296 + r._row as accepted_order
    from {{ source('bronze', 'inventory') }} as r
    where hash(r.source, r.event_id, r.line) in (select key_hash from repeated)
),

firsts as (
    select source, event_id, line, min(accepted_order) as first_order
    from candidates
    group by source, event_id, line
),

later as (
    select
        l._file,
        l.accepted_order,
        f.accepted_order as first_order,
        case
            when
                l.type = f.type
                and l.sku = f.sku
                and l.location = f.location
                and l.quantity = f.quantity
                and l.event_time = f.event_time
                and l.voids_event_id is not distinct from f.voids_event_id
                and l.voids_line is not distinct from f.voids_line
                and l.reference is not distinct from f.reference
                and l.reason is not distinct from f.reason
                and l.unit_cost is not distinct from f.unit_cost
                and l.channel is not distinct from f.channel
                and l.attributes is not distinct from f.attributes
                then 'duplicate'
            else 'identity_conflict'
        end as verdict
    from candidates as l
    inner join firsts as k
        on l.source = k.source and l.event_id = k.event_id and l.line = k.line
    inner join candidates as f
        on k.first_order = f.accepted_order
    where l.accepted_order > k.first_order
),

voids as (
    select
        v.source,
        v.event_id,
        v.line,
        v.voids_event_id,
        v.voids_line,
        v._file,
        v._file * 4294967296 + v._row as accepted_order
    from {{ source('bronze', 'inventory') }} as v
    left join later as x
        on v._file * 4294967296 + v._row = x.accepted_order
    where v.type = 'void' and x.accepted_order is null
),

voids_of_voids as (
    select v._file, v.accepted_order
    from voids as v
    inner join voids as t
        on v.source = t.source and v.voids_event_id = t.event_id and v.voids_line = t.line
    where t.accepted_order <= v.accepted_order
)

select
    l._file,
    l.accepted_order,
    case
        when l.verdict = 'duplicate' and r.accepted_order is not null then 'void_of_void'
        else l.verdict
    end as verdict,
    case when l.verdict = 'identity_conflict' then l.first_order end as other_order
from later as l
left join voids_of_voids as r
    on l.first_order = r.accepted_order

union all

select
    _file,
    accepted_order,
    'void_of_void' as verdict,
    cast(null as bigint) as other_order
from voids_of_voids
