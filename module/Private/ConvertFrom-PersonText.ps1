function ConvertFrom-PersonText {
    <#
    .SYNOPSIS
    Puts out the people of one event of a plan of batches, from the engine's delimited text.
    .NOTES
    To give five thousand objects of ConvertFrom-Json a type name costs more than to plan them.
    #>
    param([object] $Notice)

    foreach ($record in $Notice.text.Split([char]0x1E)) {
        $field = $record.Split([char]0x1F)
        [pscustomobject]@{
            PSTypeName          = 'Coexist.BatchPerson'
            Identity            = $field[0]
            Batch               = $(if ($field[1]) { $field[1] })
            Night               = $(if ($field[2]) { $field[2] })
            CompleteAfter       = $(if ($field[3]) { $field[3] })
            CutTies             = [long]$field[4]
            CutWeight           = [long]$field[5]
            Moved               = $field[6] -eq '1'
            PreviousBatch       = $(if ($field[7]) { $field[7] })
            AttributionGapHours = $(if ($field[8]) { [double]::Parse($field[8], [cultureinfo]::InvariantCulture) })
            Warnings            = @(if ($field[9]) { $field[9].Split(' ') })
            Reason              = $(if ($field[10]) { $field[10] })
        }
    }
}
