{# On hand is the governing count and every effect strictly after it; without a count, the sum of all effects. The governing
   count is the latest one that no void has taken back; of two at one instant, the one accepted later. Claims are those of the
   journal: time alone ends none. #}
with governing as (
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
    ) as counts
    where place = 1
),

summed as (
    select
        e.stock_sku as sku,
        e.stock_location as location,
        coalesce(max(g.quantity), 0)
        + sum(case when g.event_time is null or e.effect_time > g.event_time then e.effect else 0 end) as on_hand,
        max(e.event_time) as last_event_time,
        max(g.event_time) as last_count_time,
        max(g.accepted_order) as last_count_order,
        max(e.accepted_order) as sequence
    from {{ ref('inventory_events') }} as e
    left join governing as g
        on e.stock_sku = g.sku and e.stock_location = g.location
    group by e.stock_sku, e.stock_location
),

claims as (
    select
        sku,
        location,
        sum(case when state = 'held' then quantity else 0 end) as held,
        sum(case when state = 'confirmed' then quantity else 0 end) as committed
    from {{ ref('open_reservations') }}
    group by sku, location
)

select
    coalesce(s.sku, c.sku) as sku,
    coalesce(s.location, c.location) as location,
    cast(coalesce(s.on_hand, 0) as decimal(28, 5)) as on_hand,
    cast(coalesce(c.held, 0) as decimal(28, 5)) as held,
    cast(coalesce(c.committed, 0) as decimal(28, 5)) as committed,
    cast({{ var('safety_stock') }} as decimal(28, 5)) as safety_stock,
    cast(
        coalesce(s.on_hand, 0) - coalesce(c.held, 0) - coalesce(c.committed, 0) - {{ var('safety_stock') }} as decimal(28, 5)
    ) as available,
    s.last_event_time,
    s.last_count_time,
    s.last_count_order,
    s.sequence
from summed as s
full join claims as c
    on s.sku = c.sku and s.location = c.location
