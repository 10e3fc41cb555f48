{# What voids do, by the place of the record that they do it to. An effective void takes back the effect of a record that was
   accepted before it; a record that comes after its first void arrives voided; any other void does nothing. #}
with voids as (
    select
        v.source,
        v.voids_event_id,
        v.voids_line,
        v._file * 4294967296 + v._row as accepted_order,
        row_number() over (
            partition by v.source, v.voids_event_id, v.voids_line
            order by v._file, v._row
        ) as attempt
    from {{ source('bronze', 'inventory') }} as v
    left join {{ ref('inventory_rejected') }} as x
        on v._file * 4294967296 + v._row = x.accepted_order
    where v.type = 'void' and x.accepted_order is null
),

targets as (
    select
        t.source,
        t.event_id,
        t.line,
        t.type,
        t.sku,
        t.location,
        t.event_time,
        t._file * 4294967296 + t._row as accepted_order,
        case
            when t.type in ('receipt', 'return', 'transfer_in', 'adjustment') then t.quantity
            when t.type in ('sale', 'transfer_out', 'damage', 'shrink') then -t.quantity
            else 0
        end as effect,
        v.accepted_order as void_order
    from {{ source('bronze', 'inventory') }} as t
    inner join voids as v
        on t.source = v.source and t.event_id = v.voids_event_id and t.line = v.voids_line
    left join {{ ref('inventory_rejected') }} as x
        on t._file * 4294967296 + t._row = x.accepted_order
    where v.attempt = 1 and t.type <> 'void' and x.accepted_order is null
)

select
    v.accepted_order,
    case
        when t.accepted_order is null or t.accepted_order > v.accepted_order then 'pending'
        when v.attempt = 1 then 'effective'
        else 'redundant'
    end as void_status,
    case when t.accepted_order < v.accepted_order then t.sku end as stock_sku,
    case when t.accepted_order < v.accepted_order then t.location end as stock_location,
    case when t.accepted_order < v.accepted_order then t.event_time end as effect_time,
    case when t.accepted_order < v.accepted_order and v.attempt = 1 then -t.effect else 0 end as effect,
    case
        when t.accepted_order < v.accepted_order and v.attempt = 1 and t.type = 'count' then t.accepted_order
    end as retracted_order
from voids as v
left join targets as t
    on v.source = t.source and v.voids_event_id = t.event_id and v.voids_line = t.line

union all

select
    t.accepted_order,
    'voided' as void_status,
    cast(null as varchar) as stock_sku,
    cast(null as varchar) as stock_location,
    cast(null as timestamp) as effect_time,
    0 as effect,
    cast(null as bigint) as retracted_order
from targets as t
where t.void_order < t.accepted_order
