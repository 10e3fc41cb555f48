{# Every accepted record with what it does to stock. A void takes back the effect of its record, at that record's time and
   place; if it comes first, its record arrives voided. All of it depends only on records accepted before. #}
with accepted as (
    select
        r.*,
        r._file * 4294967296 + r._row as accepted_order,
        case
            when r.type in ('receipt', 'return', 'transfer_in', 'adjustment') then r.quantity
            when r.type in ('sale', 'transfer_out', 'damage', 'shrink') then -r.quantity
            else 0
        end as own_effect
    from {{ source('bronze', 'inventory') }} as r
    where not exists (
        select 1 from {{ ref('inventory_rejected') }} as x
        where x._file = r._file and x._row = r._row
    )
),

voids as (
    select
        v.source,
        v.voids_event_id,
        v.voids_line,
        v._file * 4294967296 + v._row as accepted_order,
        row_number() over (partition by v.source, v.voids_event_id, v.voids_line order by v._file, v._row) as attempt
    from {{ source('bronze', 'inventory') }} as v
    where
        v.type = 'void'
        and not exists (
            select 1 from {{ ref('inventory_rejected') }} as x
            where x._file = v._file and x._row = v._row
        )
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
        end as own_effect,
        v.accepted_order as void_order
    from {{ source('bronze', 'inventory') }} as t
    inner join voids as v
        on t.source = v.source and t.event_id = v.voids_event_id and t.line = v.voids_line and v.attempt = 1
    where
        t.type <> 'void'
        and not exists (
            select 1 from {{ ref('inventory_rejected') }} as x
            where x._file = t._file and x._row = t._row
        )
)

select
    a.source,
    a.event_id,
    a.line,
    a.type,
    a.sku,
    a.location,
    a.quantity,
    a.event_time,
    a.voids_event_id,
    a.voids_line,
    a.reference,
    a.reason,
    a.unit_cost,
    a.channel,
    a.attributes,
    a.accepted_order,
    coalesce(o.void_order < a.accepted_order, false) as voided,
    case
        when a.type <> 'void' then null
        when t.accepted_order is null or t.accepted_order > a.accepted_order then 'pending'
        when t.void_order = a.accepted_order then 'effective'
        else 'redundant'
    end as void_status,
    case when t.accepted_order < a.accepted_order then t.sku else a.sku end as stock_sku,
    case when t.accepted_order < a.accepted_order then t.location else a.location end as stock_location,
    case
        when t.void_order = a.accepted_order and t.accepted_order < a.accepted_order then -t.own_effect
        when o.void_order < a.accepted_order then 0
        else a.own_effect
    end as effect,
    case when t.accepted_order < a.accepted_order then t.event_time else a.event_time end as effect_time,
    case
        when t.void_order = a.accepted_order and t.accepted_order < a.accepted_order and t.type = 'count' then t.accepted_order
    end as retracted_order,
    a._ingestion_ts,
    a._source_file,
    a._batch_id,
    a._row,
    a._rescued,
    a._file
from accepted as a
left join targets as o
    on a.source = o.source and a.event_id = o.event_id and a.line = o.line and a.accepted_order = o.accepted_order
left join targets as t
    on a.source = t.source and a.voids_event_id = t.event_id and a.voids_line = t.line
