function Get-NativeType {
    <#
    .SYNOPSIS
    Returns Coexist.Native (the engine's exports) or an output class with its derivation, made on first use; ends the command where that fails.
    .NOTES
    In a fresh process PowerShell takes about a millisecond to bind a method call, anew for each name and each combination of argument types, and
    as long for each function that it runs first. So everything on this way goes through one call expression, Type.InvokeMember invoked by
    reflection, which is bound once; and type names are full, because `using namespace` makes every type literal a search.

    The types live as long as the process and are shared by its runspaces: one of ForEach-Object -Parallel finds them made.
    #>
    param(
        # $PSCmdlet of the public function.
        $Cmdlet,

        $Name = 'Coexist.Native'
    )

    if ($Name -eq 'Coexist.Native') { if ($NativeType) { return $NativeType } }

    if ($ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage') { Assert-LanguageMode }
    $call = [type].GetMethod('InvokeMember', [type[]]([string], [System.Reflection.BindingFlags], [System.Reflection.Binder], [object], [object[]]))
    $how = [System.Reflection.BindingFlags]'Public, Instance, Static, InvokeMethod, GetProperty'

    $key = "$Name $PSScriptRoot"
    $type = $call.Invoke([AppDomain], ('GetData', $how, $null, [AppDomain]::CurrentDomain, @($key)))
    if (-not $type) {
        $path = Resolve-NativeLibrary $Cmdlet $call $how
        $type = New-NativeType $Name $path $call $how
        Assert-NativeLibrary $Cmdlet $type $path $call $how
        $null = $call.Invoke([AppDomain], ('SetData', $how, $null, [AppDomain]::CurrentDomain, ($key, $type)))
    }
    if ($Name -eq 'Coexist.Native') { $script:NativeType = $type }
    $type
}
