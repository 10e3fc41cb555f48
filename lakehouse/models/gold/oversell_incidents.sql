select
    i.sku,
    i.location,
    i.at as opened_at,
    i.sequence,
    i.on_hand,
    i.held,
    i.committed,
    i.shortage,
    i.reservations
from {{ source('bronze', 'incidents') }} as i
