function Invoke-LabCommand {
    <#
    .SYNOPSIS
    Gives a command to the world of a lab, and puts out its objects, or the error that the service would answer with.
    #>
    param(
        # $PSCmdlet of the lab's command, and what was bound.
        [Management.Automation.PSCmdlet] $Cmdlet,
        [string] $Name,
        [Collections.IDictionary] $Bound,

        # Folder and TenantId.
        [hashtable] $Lab
    )

    # WriteError looks for the preference where it is called.
    $ErrorActionPreference = $Cmdlet.GetVariableValue('ErrorActionPreference')
    $common = [Management.Automation.Cmdlet]::CommonParameters + [Management.Automation.Cmdlet]::OptionalCommonParameters
    $parameters = @{}
    foreach ($key in $Bound.Keys) { if ($key -notin $common) { $parameters[$key] = ConvertTo-LabArgument $Bound[$key] } }

    $answer = Invoke-NativeCall $Cmdlet @{ call = 'labCommand'; lab = $Lab.Folder; tenant = $Lab.TenantId; name = $Name; parameters = $parameters }
    if (-not $answer.refused) {
        foreach ($object in $answer.objects) {
            # AD has bytes, which are numbers in JSON.
            foreach ($property in $object.PSObject.Properties) {
                if ($property.Value -is [array] -and $property.Value.Count -and $property.Value[0] -isnot [string] -and $property.Value[0] -is [ValueType]) {
                    $property.Value = [byte[]]$property.Value
                }
            }
            $object
        }
        return
    }

    $exception = [InvalidOperationException]::new($answer.refused.message)
    $exception.Data['ServiceException'] = [string]$answer.refused.exception
    $category = [Management.Automation.ErrorCategory]::NotSpecified
    $null = [Enum]::TryParse([string]$answer.refused.category, [ref]$category)
    $Cmdlet.WriteError([Management.Automation.ErrorRecord]::new($exception, $answer.refused.id, $category, [string]$Bound['Identity']))
}
