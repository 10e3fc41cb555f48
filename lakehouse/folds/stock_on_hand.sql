{# Here ref('inventory_events') is what is new, changes('open_reservations') is the claims that came and went, and this is the rows there are
   of the keys in question. A key whose history matters is marked with _evaluate: its governing count was voided, or a count came that is older
   than other records of the key; or a claim went of which no row knows. #}
with counts as (
    select sku, location, quantity, event_time, accepted_order
    from (
        select
            c.stock_sku as sku,
            c.stock_location as location,
            c.quantity,
            c.event_time,
            c.accepted_order,
            row_number() over (
                partition by c.stock_sku, c.stock_location
                order by c.event_time desc, c.accepted_order desc
            ) as place
        from {{ ref('inventory_events') }} as c
        where
            c.type = 'count'
            and not c.voided
            and c.accepted_order not in (
                select v.retracted_order from {{ ref('inventory_events') }} as v
                where v.retracted_order is not null
            )
    ) as ranked
    where place = 1
),

governed as (
    select
        e.stock_sku as sku,
        e.stock_location as location,
        e.effect,
        e.effect_time,
        e.event_time,
        e.accepted_order,
        e.retracted_order,
        s.sku is not null as known,
        s.on_hand as old_on_hand,
        s.last_event_time as old_event_time,
        s.last_count_order as old_count_order,
        s.sequence as old_sequence,
        c.sku is not null
        and (
            s.last_count_time is null
            or c.event_time > s.last_count_time
            or (c.event_time = s.last_count_time and c.accepted_order > s.last_count_order)
        ) as recounted,
        c.quantity as count_quantity,
        c.event_time as count_time,
        c.accepted_order as count_order,
        s.last_count_time as old_count_time
    from {{ ref('inventory_events') }} as e
    left join {{ this }} as s
        on e.stock_sku = s.sku and e.stock_location = s.location
    left join counts as c
        on e.stock_sku = c.sku and e.stock_location = c.location
),

folded as (
    select
        sku,
        location,
        case when max(recounted) then max(count_quantity) else coalesce(max(old_on_hand), 0) end
        + sum(
            case
                when recounted then case when effect_time > count_time then effect else 0 end
                when old_count_time is null or effect_time > old_count_time then effect
                else 0
            end
        ) as on_hand,
        greatest(max(event_time), coalesce(max(old_event_time), max(event_time))) as last_event_time,
        case when max(recounted) then max(count_time) else max(old_count_time) end as last_count_time,
        case when max(recounted) then max(count_order) else max(old_count_order) end as last_count_order,
        greatest(max(accepted_order), coalesce(max(old_sequence), max(accepted_order))) as sequence,
        coalesce(max(retracted_order = old_count_order), false)
        or coalesce(max(recounted and known and old_event_time > count_time), false) as _evaluate
    from governed
    group by sku, location
),

claims as (
    select
        sku,
        location,
        sum(case when state = 'held' then _sign * quantity else 0 end) as held,
        sum(case when state = 'confirmed' then _sign * quantity else 0 end) as committed,
        min(_sign) < 0 as went
    from {{ changes('open_reservations') }}
    group by sku, location
),

keys as (
    select sku, location from folded
    union
    select sku, location from {{ this }}
    union
    select sku, location from claims
),

joined as (
    select
        k.sku,
        k.location,
        coalesce(f.on_hand, s.on_hand, 0) as on_hand,
        coalesce(s.held, 0) + coalesce(c.held, 0) as held,
        coalesce(s.committed, 0) + coalesce(c.committed, 0) as committed,
        case when f.sku is null then s.last_event_time else f.last_event_time end as last_event_time,
        case when f.sku is null then s.last_count_time else f.last_count_time end as last_count_time,
        case when f.sku is null then s.last_count_order else f.last_count_order end as last_count_order,
        case when f.sku is null then s.sequence else f.sequence end as sequence,
        coalesce(f._evaluate, false) or (s.sku is null and coalesce(c.went, false)) as _evaluate
    from keys as k
    left join folded as f
        on k.sku = f.sku and k.location = f.location
    left join {{ this }} as s
        on k.sku = s.sku and k.location = s.location
    left join claims as c
        on k.sku = c.sku and k.location = c.location
)

select
    sku,
    location,
    cast(on_hand as decimal(28, 5)) as on_hand,
    cast(held as decimal(28, 5)) as held,
    cast(committed as decimal(28, 5)) as committed,
    cast({{ var('safety_stock') }} as decimal(28, 5)) as safety_stock,
    cast(on_hand - held - committed - {{ var('safety_stock') }} as decimal(28, 5)) as available,
    last_event_time,
    last_count_time,
    last_count_order,
    sequence,
    _evaluate
from joined
where sequence is not null or held + committed > 0 or _evaluate
