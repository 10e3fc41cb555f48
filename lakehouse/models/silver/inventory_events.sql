{# Every accepted record with what it does to stock. All of it depends only on records accepted before. #}
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
    r._file * 4294967296 + r._row as accepted_order,
    coalesce(v.void_status = 'voided', false) as voided,
    case when r.type = 'void' then v.void_status end as void_status,
    coalesce(v.stock_sku, r.sku) as stock_sku,
    coalesce(v.stock_location, r.location) as stock_location,
    case
        when v.accepted_order is not null then v.effect
        when r.type in ('receipt', 'return', 'transfer_in', 'adjustment') then r.quantity
        when r.type in ('sale', 'transfer_out', 'damage', 'shrink') then -r.quantity
        else 0
    end as effect,
    coalesce(v.effect_time, r.event_time) as effect_time,
    v.retracted_order
from {{ source('bronze', 'inventory') }} as r
left join {{ ref('inventory_rejected') }} as x
    on r._file * 4294967296 + r._row = x.accepted_order
left join {{ ref('inventory_voids') }} as v
    on r._file * 4294967296 + r._row = v.accepted_order
where x.accepted_order is null
