function Show-NativeTrouble {
    <#
    .SYNOPSIS
    Says what a derivation had to say about one object: an error, or warnings, after which the object goes on.
    #>
    param(
        # $PSCmdlet of the public function, whose preferences count.
        [Management.Automation.PSCmdlet] $Cmdlet,

        [type] $Class,

        # What Derive returned: status U+001F answer.
        [string] $Trouble,

        # The object that was piped.
        [object] $Target,

        # What one pipeline has been told: a note about how the objects were read, not about one of them, comes once.
        [hashtable] $Told = @{}
    )

    # WriteError and WriteWarning look for the preference where they are called.
    $ErrorActionPreference = $Cmdlet.GetVariableValue('ErrorActionPreference')
    $WarningPreference = $Cmdlet.GetVariableValue('WarningPreference')

    $status, $answer = $Trouble.Split(@([char]0x1F), 2)
    $label = Get-ObjectLabel $Target
    if ($status -ne '0') {
        $Cmdlet.WriteError((ConvertTo-NativeErrorRecord $answer $Target $label))
        return
    }

    $notes = $answer.Substring($answer.LastIndexOf([char]0x1F) + 1)
    foreach ($note in $notes.Split([char]0x1E)) {
        $code, $message = $note.Split(@(' '), 2, [StringSplitOptions]::None)
        if ($Told[$code]) { continue }
        if ($code -eq 'ConsistencyGuidUnknown') {
            $Told[$code] = $true
            $message += '. This is said once; AnchorsDiffer is Unknown on every object that it concerns.'
        }
        $Cmdlet.WriteWarning($(if ($label) { "$label`: $message" } else { $message }))
    }
    $Class::From($answer)
}
