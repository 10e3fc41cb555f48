{# The first record of an identity holds it. A later one is a duplicate if its content is the same, otherwise a conflict.
   A void of a void is refused, and so is every repetition of it. #}
with repeated as (
    select hash(source, event_id, line) as key_hash
    from {{ source('bronze', 'inventory') }}
    group by 1
    having count(*) > 1
),

attempts as (
    select
        r.*,
        row_number() over (partition by r.source, r.event_id, r.line order by r._file, r._row) as attempt
    from {{ source('bronze', 'inventory') }} as r
    where hash(r.source, r.event_id, r.line) in (select key_hash from repeated)
),

later as (
    select
        l._file,
        l._row,
        f._file as first_file,
        f._row as first_row,
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
    from attempts as l
    inner join attempts as f
        on l.source = f.source and l.event_id = f.event_id and l.line = f.line
    where l.attempt > 1 and f.attempt = 1
),

voids as (
    select v.source, v.event_id, v.line, v.voids_event_id, v.voids_line, v._file, v._row
    from {{ source('bronze', 'inventory') }} as v
    where
        v.type = 'void'
        and not exists (select 1 from later as x where x._file = v._file and x._row = v._row)
),

voids_of_voids as (
    select v._file, v._row
    from voids as v
    inner join voids as t
        on v.source = t.source and v.voids_event_id = t.event_id and v.voids_line = t.line
    where t._file < v._file or (t._file = v._file and t._row < v._row)
)

select
    l._file,
    l._row,
    case
        when l.verdict = 'duplicate' and r._file is not null then 'void_of_void'
        else l.verdict
    end as verdict,
    case when l.verdict = 'identity_conflict' then l.first_file end as other_file,
    case when l.verdict = 'identity_conflict' then l.first_row end as other_row
from later as l
left join voids_of_voids as r
    on l.first_file = r._file and l.first_row = r._row

union all

select
    _file,
    _row,
    'void_of_void' as verdict,
    cast(null as bigint) as other_file,
    cast(null as bigint) as other_row
from voids_of_voids
